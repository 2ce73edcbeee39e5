// Package tokenid makes and reads the ids of tokens that belong to a family of
// refresh tokens.
package tokenid

import (
	"strconv"
	"strings"

	"github.com/bearergate/bearergate/internal/secret"
)

// ID is the part of a token's id that other tokens share.
type ID struct {
	// Family is the id of the family of refresh tokens.
	Family string
	// Generation is that of the refresh token that was issued together with the
	// token.
	Generation int64
}

// Separator follows the family in the id of a token. No family contains it.
const Separator = "."

// New returns the id of a new token. No other token has it.
func (id ID) New() string {
	return id.Family + Separator + strconv.FormatInt(id.Generation, 10) + Separator + secret.New()
}

// Parse reads the id of a token. It reports false if New did not return it.
func Parse(text string) (ID, bool) {
	family, rest, _ := strings.Cut(text, Separator)
	digits, random, _ := strings.Cut(rest, Separator)
	generation, err := strconv.ParseInt(digits, 10, 64)
	id := ID{family, generation}
	ok := err == nil && generation >= 0 && strconv.FormatInt(generation, 10) == digits && secret.Valid(family) && secret.Valid(random)
	return id, ok
}
