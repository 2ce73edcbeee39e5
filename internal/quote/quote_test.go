package quote_test

import (
	"strings"
	"testing"

	"github.com/bearergate/bearergate/internal/quote"
)

func TestTextIsQuotedAndBounded(t *testing.T) {
	for s, want := range map[string]string{
		"": `""`, "a b": `"a b"`, "\x1b[31m": `"\x1b[31m"`, "é\n": `"\u00e9\n"`, "\xff": `"\xff"`,
		strings.Repeat("a", 128): `"` + strings.Repeat("a", 128) + `"`,
		strings.Repeat("a", 129): `"` + strings.Repeat("a", 128) + `"…`,
	} {
		if got := quote.Text(s); got != want {
			t.Errorf("%q: got %s, want %s", s, got, want)
		}
	}
}
