package strictjson

import (
	"encoding/json"
	"strings"
)

// string returns the decoded text. Without escapes it is a part of the data.
func (s *scanner) string() (string, error) {
	if !s.take('"') {
		return "", malformed("not a string")
	}
	end := strings.IndexByte(s.data[s.pos:], '"')
	if end < 0 {
		return "", malformed("a string without end")
	}
	text := s.data[s.pos : s.pos+end]
	if s.escapes && strings.IndexByte(text, '\\') >= 0 {
		return s.escaped()
	}
	s.pos += end + 1
	if s.controls && hasControls(text) {
		return "", errControl
	}
	return text, nil
}

const errControl = malformed("a control character in a string")

// escaped returns the text of a string that has escapes. It begins after the
// opening quote.
func (s *scanner) escaped() (string, error) {
	start := s.pos
	for s.pos < len(s.data) {
		switch c := s.data[s.pos]; {
		case c == '"':
			s.pos++
			return unescape(s.data[start-1 : s.pos])
		case c == '\\':
			if err := s.escape(); err != nil {
				return "", err
			}
		default:
			s.pos++
		}
	}
	return "", malformed("a string without end")
}

// kinds reports whether there are control characters in the text, and whether it has
// only ASCII characters. It looks at eight bytes at a time. If a text has no control
// characters, its strings need not be searched for them, and ASCII is valid UTF-8.
func kinds(text string) (controls, ascii bool) {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	var below, above uint64 // the high bit is set of each byte that is below 0x20, and above 0x7f
	for ; len(text) >= 8; text = text[8:] {
		b := text[:8]
		word := uint64(b[0]) | uint64(b[1])<<8 | uint64(b[2])<<16 | uint64(b[3])<<24 |
			uint64(b[4])<<32 | uint64(b[5])<<40 | uint64(b[6])<<48 | uint64(b[7])<<56
		below |= (word - 0x20*ones) &^ word
		above |= word
	}
	for _, c := range []byte(text) {
		controls = controls || c < ' '
		above |= uint64(c)
	}
	return controls || below&highs != 0, above&highs == 0
}

func hasControls(text string) bool {
	controls, _ := kinds(text)
	return controls
}

// escape skips one escape sequence, or the two of a surrogate pair. Half a pair is
// an error: it has no encoding in UTF-8, and two names could become equal.
func (s *scanner) escape() error {
	s.pos++
	c := s.peek()
	s.pos++
	if c != 'u' {
		if strings.IndexByte(`"\/bfnrt`, c) < 0 {
			return malformed("an unknown escape")
		}
		return nil
	}
	unit, ok := s.hex4()
	switch {
	case !ok, isLowSurrogate(unit):
		return malformed("a wrong \\u escape")
	case !isHighSurrogate(unit):
		return nil
	}
	if s.take('\\') && s.take('u') {
		if low, ok := s.hex4(); ok && isLowSurrogate(low) {
			return nil
		}
	}
	return malformed("half a surrogate pair")
}

func isHighSurrogate(unit rune) bool { return 0xD800 <= unit && unit <= 0xDBFF }
func isLowSurrogate(unit rune) bool  { return 0xDC00 <= unit && unit <= 0xDFFF }

func (s *scanner) hex4() (unit rune, ok bool) {
	if len(s.data)-s.pos < 4 {
		return 0, false
	}
	for _, c := range []byte(s.data[s.pos : s.pos+4]) {
		switch {
		case isDigit(c):
			unit = unit<<4 | rune(c-'0')
		case 'a' <= c|0x20 && c|0x20 <= 'f':
			unit = unit<<4 | rune(c|0x20-'a'+10)
		default:
			return 0, false
		}
	}
	s.pos += 4
	return unit, true
}

// unescape decodes a quoted string that the scanner has checked.
func unescape(quoted string) (text string, err error) {
	if err := json.Unmarshal([]byte(quoted), &text); err != nil {
		return "", malformed("an escape that cannot be decoded")
	}
	return text, nil
}
