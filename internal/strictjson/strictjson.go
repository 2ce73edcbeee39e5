// Package strictjson reads JSON objects from untrusted text: valid UTF-8, no
// member twice at any depth, nothing after the object, names matched by case.
// It repairs nothing.
package strictjson

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Error is the type of this package's errors.
type Error string

func (e Error) Error() string { return string(e) }

// ErrMalformed is in the tree of every error of this package, except those that
// a visitor returned.
const ErrMalformed Error = "malformed JSON"

// Object checks that data is one JSON object and calls visit for each of its
// members, in order, with the decoded name and the value's text, without white
// space around it. Without escapes both are parts of data, and keep it in memory.
// An error of visit ends the walk and is returned as it is.
//
// Members are visited before the rest of data is checked: results count only if
// Object returns nil.
//
// Values may nest as deep as data is long. Time and memory grow with its length.
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
	if !utf8.ValidString(s.data) {
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

// String decodes value, as [Object] passes it. ok is false if it is no string.
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

// Strings decodes value, as [Object] passes it. ok is false if it is no array of
// strings.
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

func malformed(why string) error {
	return fmt.Errorf("%w: %s", ErrMalformed, why)
}
