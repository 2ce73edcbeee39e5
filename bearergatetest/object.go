package bearergatetest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/bearergate/bearergate/internal/strictjson"
)

// object is a JSON object whose members keep their order and their texts.
type object []member

type member struct {
	name  string
	value json.RawMessage // nil: set when the token is signed
}

// parseObject panics if text is no JSON object. It says which one: the header or
// the payload.
func parseObject(which, text string) object {
	var o object
	err := strictjson.Object(text, func(name, value string) error {
		o = append(o, member{name, compact(value)})
		return nil
	})
	if err != nil {
		panic(fmt.Sprintf("bearergatetest: the %s is no JSON object: %v", which, err))
	}
	return o
}

func compact(value string) json.RawMessage {
	var b bytes.Buffer
	must(&b, json.Compact(&b, []byte(value)))
	return b.Bytes()
}

// set replaces the member, or adds it at the end.
func (o *object) set(name string, value any) { o.setText(name, mustJSON(value)) }

func (o *object) setText(name string, value json.RawMessage) {
	if m := o.find(name); m != nil {
		m.value = value
		return
	}
	*o = append(*o, member{name, value})
}

func (o object) find(name string) *member {
	if n := slices.IndexFunc(o, func(m member) bool { return m.name == name }); n >= 0 {
		return &o[n]
	}
	return nil
}

func (o *object) remove(name string) {
	*o = slices.DeleteFunc(*o, func(m member) bool { return m.name == name })
}

func (o object) text() []byte {
	var b bytes.Buffer
	b.WriteByte('{')
	for n, m := range o {
		if n > 0 {
			b.WriteByte(',')
		}
		b.Write(mustJSON(m.name))
		b.WriteByte(':')
		b.Write(m.value)
	}
	b.WriteByte('}')
	return b.Bytes()
}
