package sqlstore

import (
	"encoding/json"
	"fmt"
	"time"
	"unicode/utf8"
)

// text is a string in JSON that is kept byte for byte. A string that is not UTF-8
// becomes an object with its base64: JSON would change it.
type text string

type notUTF8 struct {
	Base64 []byte `json:"base64"`
}

func (t text) MarshalJSON() ([]byte, error) {
	if utf8.ValidString(string(t)) {
		return json.Marshal(string(t))
	}
	return json.Marshal(notUTF8{[]byte(t)})
}

func (t *text) UnmarshalJSON(data []byte) error {
	if data[0] != '{' {
		return json.Unmarshal(data, (*string)(t))
	}
	var bytes notUTF8
	err := json.Unmarshal(data, &bytes)
	*t = text(bytes.Base64)
	return err
}

// texts and strings convert slices, and keep nil and empty ones apart.
func textsOf(all []string) []text { return converted[text](all) }

func stringsOf(all []text) []string { return converted[string](all) }

func converted[To, From ~string](all []From) []To {
	if all == nil {
		return nil
	}
	result := make([]To, len(all))
	for i, s := range all {
		result[i] = To(s)
	}
	return result
}

// sum is a SHA-256, or as long, in base64.
type sum [32]byte

func (s sum) MarshalJSON() ([]byte, error) { return json.Marshal(s[:]) }

func (s *sum) UnmarshalJSON(data []byte) error {
	var bytes []byte
	if err := json.Unmarshal(data, &bytes); err != nil {
		return err
	}
	if len(bytes) != len(s) {
		return fmt.Errorf("got %d bytes, want %d", len(bytes), len(s))
	}
	copy(s[:], bytes)
	return nil
}

// micros is a time in microseconds since 1970, also the zero time.
type micros int64

func microsOf(t time.Time) micros { return micros(t.UnixMicro()) }

func (m micros) time() time.Time { return time.UnixMicro(int64(m)).UTC() }

// encode returns a record as it is stored.
func encode(record any) (string, error) {
	data, err := json.Marshal(record)
	return string(data), err
}

// decode reads a record that encode wrote.
func decode(data string, record any) error {
	if err := json.Unmarshal([]byte(data), record); err != nil {
		return fmt.Errorf("the record cannot be read: %w", err)
	}
	return nil
}

// key returns an id as it is stored. It is never nil, which would be NULL.
func key(id string) []byte { return append([]byte{}, id...) }
