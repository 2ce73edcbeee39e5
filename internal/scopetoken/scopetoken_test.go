package scopetoken_test

import (
	"testing"

	"github.com/bearergate/bearergate/internal/scopetoken"
)

func TestScopeTokenIsPrintableASCIIWithoutQuoteAndBackslash(t *testing.T) {
	for s, want := range map[string]bool{
		"projects:read": true, "!": true, "#[]~": true, "<&>'": true,
		"": false, " ": false, "a b": false, "a\tb": false, `"`: false, `\`: false, "\x7f": false, "\x00": false, "é": false, "\xff": false,
	} {
		if got := scopetoken.Valid(s); got != want {
			t.Errorf("%q: got %v, want %v", s, got, want)
		}
	}
}
