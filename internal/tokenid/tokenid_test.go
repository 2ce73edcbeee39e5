package tokenid_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/bearergate/bearergate/internal/secret"
	"github.com/bearergate/bearergate/internal/tokenid"
)

func TestIDIsReadAsItWasMade(t *testing.T) {
	family, seen := secret.New(), make(map[string]bool)
	for _, generation := range []int64{0, 1, 10, math.MaxInt64} {
		want := tokenid.ID{Family: family, Generation: generation}
		for range 2 {
			text := want.New()
			if got, ok := tokenid.Parse(text); got != want || !ok || seen[text] {
				t.Errorf("got %v, %v of %q, want %v of a new id", got, ok, text, want)
			}
			seen[text] = true
		}
	}
}

func TestOtherTextsAreNoID(t *testing.T) {
	s := secret.New()
	for _, text := range []string{
		"", "jti", s, s + "." + s, s + ".1", s + ".1.", s + ".." + s, ".1." + s, s[1:] + ".1." + s, s + ".1." + s[1:], s + ".01." + s, s + ".-1." + s, s + ".+1." + s,
		s + ".x." + s, s + ".1." + s + "." + s, s + ".9223372036854775808." + s, s[1:] + "=.1." + s, s + ".1." + s[1:] + "=", " " + s[1:] + ".1." + s,
	} {
		if got, ok := tokenid.Parse(text); ok || got != (tokenid.ID{}) {
			t.Errorf("%q: got %v, want none", text, got)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(tokenid.ID{Family: secret.New(), Generation: 7}.New())
	f.Add("a.1.b")
	f.Fuzz(func(t *testing.T, text string) {
		id, ok := tokenid.Parse(text)
		if prefix := fmt.Sprintf("%s.%d.", id.Family, id.Generation); ok && (!strings.HasPrefix(text, prefix) || len(text) != len(prefix)+len(secret.New())) {
			t.Errorf("%q: got %v, want the id that it begins with", text, id)
		}
	})
}
