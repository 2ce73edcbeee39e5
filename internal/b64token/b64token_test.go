package b64token_test

import (
	"context"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/bearergatetest"
	"github.com/bearergate/bearergate/internal/b64token"
	"github.com/bearergate/bearergate/jwtverifier"
)

var (
	alphabetic = regexp.MustCompile(`^[A-Za-z0-9._~+/-]*`)
	syntax     = regexp.MustCompile(`^[A-Za-z0-9._~+/-]+=*$`)
)

// TestValidIsTheSyntaxOfRFC6750 puts every byte at every place of tokens of the
// lengths around the eight bytes that are looked at together.
func TestValidIsTheSyntaxOfRFC6750(t *testing.T) {
	check := func(s string) {
		if got, want := b64token.Valid(s), syntax.MatchString(s); got != want {
			t.Errorf("%q: got %v, want %v", s, got, want)
		}
		at := b64token.Fault(s)
		if want := len(alphabetic.FindString(s)); s != "" && !syntax.MatchString(s) && at != want || syntax.MatchString(s) && at != -1 {
			t.Errorf("%q: got a fault at %d, want it at %d, or -1 if there is none", s, at, want)
		}
	}
	for _, length := range []int{0, 1, 2, 7, 8, 9, 15, 16, 17, 24} {
		for _, end := range []string{"", "=", "==", "=a"} {
			token := strings.Repeat("a", length)
			check(token + end)
			for i := range length {
				for c := range 256 {
					check(token[:i] + string([]byte{byte(c)}) + token[i+1:] + end)
				}
			}
		}
	}
}

func FuzzValid(f *testing.F) {
	f.Add("aZ09-._~+/==")
	f.Add("a=b")
	f.Fuzz(func(t *testing.T, s string) {
		if got, want := b64token.Valid(s), syntax.MatchString(s); got != want {
			t.Errorf("%q: got %v, want %v", s, got, want)
		}
	})
}

type (
	embedsPointer struct{ *jwtverifier.Verifier }
	embedsValue   struct{ jwtverifier.Verifier }
	converted     jwtverifier.Verifier
	overrides     struct {
		*jwtverifier.Verifier
		_ []int // which makes it uncomparable
	}
	unrelated struct{}
)

func (overrides) VerifyToken(context.Context, string) (*bearergate.Token, error) { return nil, nil }
func (unrelated) VerifyToken(context.Context, string) (*bearergate.Token, error) { return nil, nil }

// TestOnlyWhatAConstructorReturnedIsMarked has everything that has the methods of
// such a value.
func TestOnlyWhatAConstructorReturnedIsMarked(t *testing.T) {
	made := bearergatetest.NewIssuer().Verifier()
	several, err := jwtverifier.ByIssuer(made)
	if err != nil {
		t.Fatal(err)
	}
	// A copy; vet does not let one be written.
	duplicate := reflect.New(reflect.TypeFor[jwtverifier.Verifier]())
	duplicate.Elem().Set(reflect.ValueOf(made).Elem())
	embedded := new(embedsValue)
	reflect.ValueOf(embedded).Elem().Field(0).Set(reflect.ValueOf(made).Elem())
	for _, c := range []struct {
		name             string
		v                any
		accepted, unmade bool
	}{
		{"of New", made, true, false},
		{"of ByIssuer", several, true, false},
		{"of ByPrefix", bearergate.ByPrefix("x", unrelated{}, unrelated{}), true, false},
		{"a zero value", new(jwtverifier.Verifier), false, true},
		{"a nil pointer", (*jwtverifier.Verifier)(nil), false, true},
		{"a copy", duplicate.Interface(), false, false},
		{"one embedded", embedsPointer{made}, false, false},
		{"one embedded, by a pointer", &embedsPointer{made}, false, false},
		{"a copy embedded", embedded, false, false},
		{"a zero value embedded", new(embedsValue), false, false},
		{"a nil pointer embedded", embedsPointer{}, false, false},
		{"one embedded and overridden", overrides{Verifier: made}, false, false},
		{"a nil pointer embedded and overridden", overrides{}, false, false},
		{"one of a converted type", (*converted)(made), false, false},
		{"a zero value of a converted type", new(converted), false, false},
		{"another verifier", unrelated{}, false, false},
		{"an opaque verifier", bearergate.NewOpaqueVerifier("x", lookup), false, false},
		{"nil", nil, false, false},
	} {
		if got := b64token.AcceptedOnlyBy(c.v); got != c.accepted {
			t.Errorf("%s: got AcceptedOnlyBy %v, want %v", c.name, got, c.accepted)
		}
		if got := b64token.Unmade(c.v); got != c.unmade {
			t.Errorf("%s: got Unmade %v, want %v", c.name, got, c.unmade)
		}
	}
}

func lookup(context.Context, [32]byte) (bearergate.Claims, error) { return bearergate.Claims{}, nil }
