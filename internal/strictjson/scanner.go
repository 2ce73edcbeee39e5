package strictjson

import (
	"encoding/json"
	"slices"
	"strings"
)

type scanner struct {
	data     string
	pos      int
	controls bool // there may be control characters in the data
}

// peek returns the next byte, 0 at the end. A NUL is valid nowhere it is asked.
func (s *scanner) peek() byte {
	if s.pos < len(s.data) {
		return s.data[s.pos]
	}
	return 0
}

func (s *scanner) skipSpace() {
	for s.pos < len(s.data) {
		switch s.data[s.pos] {
		case ' ', '\t', '\n', '\r':
			s.pos++
		default:
			return
		}
	}
}

// take consumes c if it is next.
func (s *scanner) take(c byte) bool {
	if s.peek() != c {
		return false
	}
	s.pos++
	return true
}

func (s *scanner) value(depth int) error {
	switch c := s.peek(); {
	case c == '{':
		return s.object(depth, nil)
	case c == '[':
		return s.array(depth, nil)
	case c == '"':
		_, err := s.string()
		return err
	case c == '-' || isDigit(c):
		return s.number()
	default:
		return s.literal()
	}
}

func (s *scanner) object(depth int, visit func(name, value string) error) error {
	if !s.take('{') {
		return malformed("not an object")
	}
	if depth > maxDepth {
		return malformed("nested too deep")
	}
	s.skipSpace()
	if s.take('}') {
		return nil
	}
	var seen names
	for {
		name, err := s.string()
		if err != nil {
			return err
		}
		if !seen.add(name) {
			return malformed("a member stands twice")
		}
		s.skipSpace()
		if !s.take(':') {
			return malformed("no colon after a name")
		}
		s.skipSpace()
		start := s.pos
		if err := s.value(depth + 1); err != nil {
			return err
		}
		if visit != nil {
			if err := visit(name, s.data[start:s.pos]); err != nil {
				return err
			}
		}
		s.skipSpace()
		if s.take('}') {
			return nil
		}
		if !s.take(',') {
			return malformed("no comma between members")
		}
		s.skipSpace()
	}
}

func (s *scanner) array(depth int, visit func(element string) error) error {
	if !s.take('[') {
		return malformed("not an array")
	}
	if depth > maxDepth {
		return malformed("nested too deep")
	}
	s.skipSpace()
	if s.take(']') {
		return nil
	}
	for {
		start := s.pos
		if err := s.value(depth + 1); err != nil {
			return err
		}
		if visit != nil {
			if err := visit(s.data[start:s.pos]); err != nil {
				return err
			}
		}
		s.skipSpace()
		if s.take(']') {
			return nil
		}
		if !s.take(',') {
			return malformed("no comma between elements")
		}
		s.skipSpace()
	}
}

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
	if strings.IndexByte(text, '\\') >= 0 {
		return s.escaped()
	}
	s.pos += end + 1
	if s.controls && hasControls(text) {
		return "", errControl
	}
	return text, nil
}

var errControl = malformed("a control character in a string")

// escaped returns the text of a string that has escapes, from behind its quote.
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

// hasControls reports whether there are control characters in the text. It looks
// at eight bytes at a time: most texts have none anywhere, which spares a look at
// each of their strings.
func hasControls(text string) bool {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	var below uint64 // has the high bit of a byte where one is under 0x20
	for ; len(text) >= 8; text = text[8:] {
		b := text[:8]
		word := uint64(b[0]) | uint64(b[1])<<8 | uint64(b[2])<<16 | uint64(b[3])<<24 |
			uint64(b[4])<<32 | uint64(b[5])<<40 | uint64(b[6])<<48 | uint64(b[7])<<56
		below |= (word - 0x20*ones) &^ word
	}
	for i := range len(text) {
		if text[i] < ' ' {
			return true
		}
	}
	return below&highs != 0
}

// escape skips one escape sequence, or the two of a surrogate pair. Half a pair
// has no meaning in UTF-8, so that two names could become the same.
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

// unescape decodes quoted, which the scanner has checked.
func unescape(quoted string) (text string, err error) {
	if err := json.Unmarshal([]byte(quoted), &text); err != nil {
		return "", malformed("an escape that cannot be decoded")
	}
	return text, nil
}

func (s *scanner) number() error {
	s.take('-')
	if !s.take('0') && !s.digits() {
		return malformed("a number without digits")
	}
	if s.take('.') && !s.digits() {
		return malformed("a fraction without digits")
	}
	if c := s.peek(); c == 'e' || c == 'E' {
		s.pos++
		if c := s.peek(); c == '+' || c == '-' {
			s.pos++
		}
		if !s.digits() {
			return malformed("an exponent without digits")
		}
	}
	return nil
}

// digits skips digits and reports whether there were any.
func (s *scanner) digits() bool {
	start := s.pos
	for isDigit(s.peek()) {
		s.pos++
	}
	return s.pos > start
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func (s *scanner) literal() error {
	for _, word := range [...]string{"true", "false", "null"} {
		if strings.HasPrefix(s.data[s.pos:], word) {
			s.pos += len(word)
			return nil
		}
	}
	return malformed("no value where one belongs")
}

// names finds the name that stands twice in an object. Few names are compared
// one by one, if they are alike at all; many, which only hostile text has, in a
// map.
type names struct {
	few  [16]string
	n    int
	seen uint64 // a bit for each likeness
	many map[string]struct{}
}

// likeness tells most names apart.
func likeness(name string) uint64 {
	if name == "" {
		return 1
	}
	return 1 << ((uint(len(name)) + 3*uint(name[0]) + 5*uint(name[len(name)-1])) % 64)
}

// add reports whether the name is new.
func (s *names) add(name string) bool {
	if s.many == nil && s.n < len(s.few) {
		alike := likeness(name)
		if s.seen&alike != 0 && slices.Contains(s.few[:s.n], name) {
			return false
		}
		s.seen |= alike
		s.few[s.n] = name
		s.n++
		return true
	}
	if s.many == nil {
		s.many = make(map[string]struct{}, 4*len(s.few))
		for _, seen := range s.few {
			s.many[seen] = struct{}{}
		}
	}
	if _, ok := s.many[name]; ok {
		return false
	}
	s.many[name] = struct{}{}
	return true
}
