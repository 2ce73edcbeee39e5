// Package strictjson reads JSON objects from untrusted text: valid UTF-8, no
// member twice at any depth, nothing after the object, names matched by case.
// What it refuses is refused for good; it repairs nothing.
package strictjson

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// maxDepth bounds nesting, and so recursion.
const maxDepth = 64

// Error is the type of this package's errors.
type Error string

func (e Error) Error() string { return string(e) }

// ErrMalformed is in the tree of every error of this package, except those that
// a visitor returned.
const ErrMalformed Error = "malformed JSON"

// Object checks that data is one JSON object and calls visit for each of its
// members, in order, with the decoded name and the value's text, without white
// space around it. Both are parts of data, where nothing is escaped, and keep it
// in memory. An error of visit ends the walk and
// is returned as it is.
//
// Members are visited before the rest of data is checked: what was learned
// counts only if Object returns nil.
func Object(data string, visit func(name, value string) error) error {
	if !utf8.ValidString(data) {
		return malformed("invalid UTF-8")
	}
	s := scanner{data: data, controls: hasControls(data)}
	s.skipSpace()
	if err := s.object(1, visit); err != nil {
		return err
	}
	s.skipSpace()
	if s.pos != len(data) {
		return malformed("text after the object")
	}
	return nil
}

// CheckNamesDistinct checks data as [Object] does, and that no object in it has
// two names that encoding/json takes for the same.
func CheckNamesDistinct(data string) error {
	seen := make(map[string]struct{})
	return Object(data, func(name, value string) error {
		folded := strings.ToLower(strings.ToUpper(name))
		if _, ok := seen[folded]; ok {
			return malformed("two names that differ by case alone")
		}
		seen[folded] = struct{}{}
		return eachObject(value, CheckNamesDistinct)
	})
}

// eachObject calls visit for value if it is an object, and for the objects in
// it if it is an array.
func eachObject(value string, visit func(string) error) error {
	switch value[0] {
	case '{':
		return visit(value)
	case '[':
		return Array(value, func(element string) error { return eachObject(element, visit) })
	}
	return nil
}

// Array calls visit for each element of value, the text of an array that
// [Object] has checked.
func Array(value string, visit func(element string) error) error {
	if value[0] != '[' {
		return malformed("not an array")
	}
	s := scanner{data: value}
	return s.array(1, visit)
}

// String returns the string that value, as [Object] gives it, is the text of.
// ok is false where it is no string.
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

// Strings returns the strings that value is the array of. ok is false where it
// is anything else.
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
