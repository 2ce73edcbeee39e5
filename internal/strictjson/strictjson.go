// Package strictjson parses JSON objects from untrusted text. The text must be
// valid UTF-8, no object at any depth may repeat a member, nothing may follow the
// object, and names are compared with their case. It repairs nothing.
package strictjson

import (
	"strings"
	"unicode/utf8"
)

// Error is the type of [ErrMalformed].
type Error string

func (e Error) Error() string { return string(e) }

// ErrMalformed is wrapped by every error of this package, except the errors of a
// visitor.
const ErrMalformed Error = "malformed JSON"

// Object checks that data is one JSON object and calls visit for each of its
// members, in order, with the decoded name and the value's text, without white
// space around it. If they have no escapes, both share the memory of data. An error
// of visit ends the walk and is returned unchanged.
//
// Members are visited before the rest of data is checked. Use the results only if
// Object returns nil.
//
// The nesting of values is not limited. Time and memory are proportional to the
// length of data.
func Object(data string, visit func(name, value string) error) error {
	var s scanner
	s.read(data)
	return s.document(visit)
}

// CheckNamesDistinct checks data as [Object] does, and that no object in it has
// two names that encoding/json does not distinguish.
func CheckNamesDistinct(data string) error {
	var s scanner
	s.read(data)
	s.folded = true
	return s.document(func(string, string) error { return nil })
}

func (s *scanner) document(visit func(name, value string) error) error {
	if !s.ascii && !utf8.ValidString(s.data) {
		return malformed("invalid UTF-8")
	}
	s.skipSpace()
	if err := s.object(visit); err != nil {
		return err
	}
	s.skipSpace()
	if s.pos != len(s.data) {
		return malformed("text after the object")
	}
	return nil
}

// Array calls visit for each element of value, the text of an array that
// [Object] has checked.
func Array(value string, visit func(element string) error) error {
	var s scanner
	s.read(value)
	return s.array(visit)
}

// String decodes value, as [Object] passes it. ok is false if it is not a string.
func String(value string) (text string, ok bool) {
	if value[0] != '"' {
		return "", false
	}
	if strings.IndexByte(value, '\\') < 0 {
		return value[1 : len(value)-1], true
	}
	text, err := unescape(value)
	return text, err == nil
}

// Strings decodes value, as [Object] passes it. ok is false if it is not an array
// of strings.
func Strings(value string) (texts []string, ok bool) {
	if value[0] != '[' {
		return nil, false
	}
	err := Array(value, func(element string) error {
		text, ok := String(element)
		if !ok {
			return ErrMalformed
		}
		texts = append(texts, text)
		return nil
	})
	return texts, err == nil
}

// malformed says why a text is not accepted.
type malformed string

func (m malformed) Error() string { return string(ErrMalformed) + ": " + string(m) }
func (m malformed) Unwrap() error { return ErrMalformed }
