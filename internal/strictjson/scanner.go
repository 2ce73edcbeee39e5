package strictjson

import "strings"

// scanner reads JSON from front to back. It does not recurse: nested values need
// memory in proportion to the length of the data, and no stack.
type scanner struct {
	data     string
	pos      int
	escapes  bool // there are backslashes in the data
	controls bool // there are control characters in the data
	ascii    bool // there are only ASCII characters in the data
	folded   bool // names that differ only in case count as equal
	names    names
}

// read sets the data. It searches the data once for characters that most data does
// not have, so that strings need not be searched for them.
func (s *scanner) read(data string) {
	s.data, s.escapes = data, strings.IndexByte(data, '\\') >= 0
	s.controls, s.ascii = kinds(data)
}

// peek returns the next byte, or 0 at the end. A NUL is not valid wherever peek is
// called.
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

func (s *scanner) object(visit func(name, value string) error) error {
	object := s.pos
	if !s.take('{') {
		return malformed("not an object")
	}
	s.skipSpace()
	if s.take('}') {
		return nil
	}
	for {
		name, err := s.name(object)
		if err != nil {
			return err
		}
		start := s.pos
		if err := s.value(); err != nil {
			return err
		}
		if err := visit(name, s.data[start:s.pos]); err != nil {
			return err
		}
		if last, err := s.next('}'); last || err != nil {
			return err
		}
	}
}

func (s *scanner) array(visit func(element string) error) error {
	if !s.take('[') {
		return malformed("not an array")
	}
	s.skipSpace()
	if s.take(']') {
		return nil
	}
	for {
		start := s.pos
		if err := s.value(); err != nil {
			return err
		}
		if err := visit(s.data[start:s.pos]); err != nil {
			return err
		}
		if last, err := s.next(']'); last || err != nil {
			return err
		}
	}
}

// name consumes a member of the object up to its value.
func (s *scanner) name(object int) (string, error) {
	name, err := s.string()
	if err != nil {
		return "", err
	}
	m := member{object, name}
	if s.folded {
		m.name = fold(name)
	}
	if !s.names.add(m) {
		return "", s.errTwice()
	}
	s.skipSpace()
	if !s.take(':') {
		return "", malformed("no colon after a name")
	}
	s.skipSpace()
	return name, nil
}

func (s *scanner) errTwice() error {
	if s.folded {
		return malformed("two names are equal or differ only in case")
	}
	return malformed("a member is repeated")
}

// fold returns the same text for names that encoding/json does not distinguish.
func fold(name string) string { return strings.ToLower(strings.ToUpper(name)) }

// next consumes the end of the object or array after a value, or the comma before
// another value.
func (s *scanner) next(end byte) (last bool, err error) {
	s.skipSpace()
	if s.take(end) {
		return true, nil
	}
	if !s.take(',') {
		return false, malformed("neither a comma nor an end after a value")
	}
	s.skipSpace()
	return false, nil
}

func (s *scanner) value() error {
	if c := s.peek(); c == '{' || c == '[' {
		return s.nested()
	}
	return s.scalar()
}

func (s *scanner) scalar() error {
	switch c := s.peek(); {
	case c == '"':
		_, err := s.string()
		return err
	case c == '-' || isDigit(c):
		return s.number()
	default:
		return s.literal()
	}
}

// array is used in place of an object's position for an array.
const array = -1

// nested consumes an object or array.
func (s *scanner) nested() error {
	var few [8]int
	open := few[:0] // the positions of the objects, from the outermost on
	for {
		complete, err := false, error(nil)
		open, complete, err = s.begin(open)
		for complete && err == nil && len(open) > 0 {
			open, complete, err = s.resume(open)
		}
		if err != nil || complete {
			return err
		}
	}
}

// begin consumes a scalar or an empty object or array, and then reports complete.
// Otherwise it consumes the beginning of an object or array, up to its first value,
// and adds it to open.
func (s *scanner) begin(open []int) (_ []int, complete bool, err error) {
	switch object := s.pos; {
	case s.take('{'):
		s.skipSpace()
		if s.take('}') {
			return open, true, nil
		}
		_, err := s.name(object)
		return append(open, object), false, err
	case s.take('['):
		s.skipSpace()
		if s.take(']') {
			return open, true, nil
		}
		return append(open, array), false, nil
	}
	return open, true, s.scalar()
}

// resume continues the innermost of open after a value. It consumes its end, and
// then reports complete, or the text up to the next value.
func (s *scanner) resume(open []int) (_ []int, complete bool, err error) {
	inner, outer := open[len(open)-1], open[:len(open)-1]
	end := byte('}')
	if inner == array {
		end = ']'
	}
	if complete, err = s.next(end); complete {
		return outer, true, err
	}
	if err == nil && inner != array {
		_, err = s.name(inner)
	}
	return open, false, err
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
	return malformed("a value is missing")
}
