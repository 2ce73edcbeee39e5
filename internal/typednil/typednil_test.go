package typednil_test

import (
	"bytes"
	"io"
	"net/http"
	"testing"

	"github.com/bearergate/bearergate/internal/typednil"
)

type set map[string]bool

func TestNilPointersAndFunctionsInInterfacesAreNil(t *testing.T) {
	for _, c := range []struct {
		name string
		v    any
		want bool
	}{
		{"nil", nil, true},
		{"a nil interface", io.Reader(nil), true},
		{"a nil pointer", (*bytes.Buffer)(nil), true},
		{"a nil function", http.HandlerFunc(nil), true},
		{"a pointer", new(bytes.Buffer), false},
		{"a function", http.HandlerFunc(http.NotFound), false},
		{"a nil map, which can be read", set(nil), false},
		{"a value", struct{}{}, false},
	} {
		if got := typednil.Is(c.v); got != c.want {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
		}
	}
}
