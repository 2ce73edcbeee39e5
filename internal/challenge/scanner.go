package challenge

import "strings"

// scanner holds the unread rest of a header line.
type scanner struct{ rest string }

const whitespace = " \t"

// nextElement skips to the next element of a list, past empty ones (RFC 9110
// section 5.6.1). It reports whether there is one.
func (s *scanner) nextElement() bool {
	s.rest = strings.TrimLeft(s.rest, whitespace+",")
	return s.rest != ""
}

// endOfElement reports whether the element ends here.
func (s *scanner) endOfElement() bool {
	after := strings.TrimLeft(s.rest, whitespace)
	return after == "" || after[0] == ','
}

// space skips whitespace, and reports whether there was any.
func (s *scanner) space() bool {
	before := len(s.rest)
	s.rest = strings.TrimLeft(s.rest, whitespace)
	return len(s.rest) < before
}

// equals skips an equals sign and the whitespace around it. Without the sign it
// skips nothing.
func (s *scanner) equals() bool {
	after, found := strings.CutPrefix(strings.TrimLeft(s.rest, whitespace), "=")
	if found {
		s.rest = strings.TrimLeft(after, whitespace)
	}
	return found
}

// token consumes the next token and returns it, or "" if there is none.
func (s *scanner) token() string { return s.span(isTokenByte) }

// token68 skips a token68, if it is the whole rest of the element.
func (s *scanner) token68() bool {
	ahead := *s
	if ahead.span(isToken68Byte) == "" {
		return false
	}
	ahead.rest = strings.TrimLeft(ahead.rest, "=")
	if !ahead.endOfElement() {
		return false
	}
	*s = ahead
	return true
}

func (s *scanner) span(is func(byte) bool) string {
	n := 0
	for n < len(s.rest) && is(s.rest[n]) {
		n++
	}
	span := s.rest[:n]
	s.rest = s.rest[n:]
	return span
}

// value reads a token or a quoted string.
func (s *scanner) value() (string, bool) {
	if quoted, found := strings.CutPrefix(s.rest, `"`); found {
		s.rest = quoted
		return s.quoted()
	}
	token := s.token()
	return token, token != ""
}

// quoted reads a quoted string after its opening quote.
func (s *scanner) quoted() (string, bool) {
	var b strings.Builder
	for i := 0; i < len(s.rest); i++ {
		c := s.rest[i]
		if c == '"' {
			s.rest = s.rest[i+1:]
			return b.String(), true
		}
		if c == '\\' && i+1 < len(s.rest) {
			i++
			c = s.rest[i]
		}
		if c < ' ' && c != '\t' || c == 0x7f {
			return "", false
		}
		b.WriteByte(c)
	}
	return "", false
}

func isTokenByte(c byte) bool {
	return isAlphanumeric(c) || strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0
}

func isToken68Byte(c byte) bool {
	return isAlphanumeric(c) || strings.IndexByte("-._~+/", c) >= 0
}

func isAlphanumeric(c byte) bool {
	return '0' <= c && c <= '9' || 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z'
}
