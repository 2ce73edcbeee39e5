package differential_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"regexp"
	"strings"
	"unicode/utf8"
)

// reading is a token as the conditions of the table see it. It is lenient: what
// cannot be read is empty.
type reading struct {
	token           string
	segments        []string
	header, payload object
	signature       []byte
}

func read(token string) *reading {
	r := &reading{token: token, segments: strings.Split(token, ".")}
	if len(r.segments) == 3 {
		r.header, r.payload = readObject(decode(r.segments[0])), readObject(decode(r.segments[1]))
		r.signature = decode(r.segments[2])
	}
	return r
}

var lenient = strings.NewReplacer("\n", "", "\r", "", "\t", "", " ", "", "=", "", "+", "-", "/", "_")

// decode reads either alphabet of base64, with padding or without.
func decode(segment string) []byte {
	data, _ := base64.RawURLEncoding.DecodeString(lenient.Replace(segment))
	return data
}

// object is an object of JSON, of which the last member of a name counts.
type object struct {
	source    string
	valid     bool // it is one object of JSON as encoding/json reads it, in UTF-8
	members   map[string]json.RawMessage
	duplicate bool // a name is twice in an object, at any depth
}

func readObject(data []byte) object {
	o := object{source: string(data), members: make(map[string]json.RawMessage)}
	// A decoder stops after the first value.
	err := json.NewDecoder(bytes.NewReader(data)).Decode(&o.members)
	o.valid = err == nil && o.members != nil && json.Valid(data) && utf8.Valid(data) && !hasHalfSurrogate(data)
	o.duplicate = hasDuplicate(data)
	return o
}

var (
	pair = regexp.MustCompile(`(?i)\\u(d[89ab]..\\ud[c-f]..)`)
	half = regexp.MustCompile(`(?i)\\ud[89a-f]`)
)

// hasHalfSurrogate reports whether a string has half a surrogate pair as an escape,
// which encoding/json replaces.
func hasHalfSurrogate(data []byte) bool {
	data = bytes.ReplaceAll(data, []byte(`\\`), nil)
	return half.Match(pair.ReplaceAll(data, nil))
}

func hasDuplicate(data []byte) bool {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	found := false
	walk(d, &found)
	return found
}

// walk reads one value, and whether it has a duplicate.
func walk(d *json.Decoder, found *bool) bool {
	token, err := d.Token()
	if err != nil {
		return false
	}
	opening, ok := token.(json.Delim)
	if !ok {
		return true
	}
	names := make(map[string]bool)
	for d.More() {
		if opening == '{' {
			name, err := d.Token()
			if err != nil {
				return false
			}
			*found = *found || names[name.(string)]
			names[name.(string)] = true
		}
		if !walk(d, found) {
			return false
		}
	}
	_, err = d.Token()
	return err == nil
}

func (o object) has(name string) bool { return o.members[name] != nil }

// text returns a member that is a string.
func (o object) text(name string) (text string, ok bool) {
	value := o.members[name]
	if len(value) == 0 || value[0] != '"' {
		return "", false
	}
	return text, json.Unmarshal(value, &text) == nil
}

func (o object) isString(name string) bool {
	_, ok := o.text(name)
	return ok
}

// number returns a member that is a number, as it is written.
func (o object) number(name string) (string, bool) {
	value := string(o.members[name])
	return value, value != "" && strings.IndexByte("-0123456789", value[0]) >= 0
}

// texts returns a member that is a string or an array of strings.
func (o object) texts(name string) (texts []string, ok bool) {
	if text, ok := o.text(name); ok {
		return []string{text}, true
	}
	value := o.members[name]
	if len(value) == 0 || value[0] != '[' {
		return nil, false
	}
	var elements []json.RawMessage
	if json.Unmarshal(value, &elements) != nil {
		return nil, false
	}
	for _, e := range elements {
		var text string
		if e[0] != '"' || json.Unmarshal(e, &text) != nil {
			return nil, false
		}
		texts = append(texts, text)
	}
	return texts, true
}
