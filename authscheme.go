package bearergate

import (
	"fmt"
	"strings"
)

// bearer is the scheme of RFC 6750.
const bearer = "Bearer"

// Scheme is an authentication scheme (RFC 9110 section 11.1) by which a token can
// be sent.
type Scheme struct {
	// Name is compared without case: "Bearer", "DPoP".
	Name string
	// Parameters end each challenge of the scheme, such as algs="ES256 EdDSA".
	Parameters string
}

// acceptedScheme is the schemes of a route, and the one by which a token was sent.
type acceptedScheme struct {
	all  []Scheme
	used int // an index, or noScheme
}

// noScheme is for clients that used none of the schemes, or more than one.
const noScheme = -1

// bearerOnly is for routes whose verifier asks for no other scheme.
var bearerOnly = &acceptedScheme{all: []Scheme{{Name: bearer}}, used: 0}

func (s *acceptedScheme) name() string { return s.all[s.used].Name }

// newSchemes returns an acceptedScheme for each of the schemes, and one more, the
// last, for a client that used none. With one scheme it does not matter whether the
// client used it: its challenge is the same.
func newSchemes(all []Scheme) []*acceptedScheme {
	if len(all) == 1 && all[0] == bearerOnly.all[0] {
		return []*acceptedScheme{bearerOnly}
	}
	if len(all) == 0 {
		panic("bearergate: RequireToken was given a RequestVerifier without Schemes; return {Name: \"Bearer\"} at least")
	}
	schemes := make([]*acceptedScheme, 0, len(all)+1)
	for i, s := range all {
		if !isToken(s.Name) || strings.ContainsFunc(s.Parameters, unprintable) {
			panic(fmt.Sprintf("bearergate: RequireToken was given a RequestVerifier with the scheme %q; use a name and parameters of RFC 9110 section 11.1", s))
		}
		schemes = append(schemes, &acceptedScheme{all, i})
	}
	return append(schemes, &acceptedScheme{all, noScheme})
}

func unprintable(c rune) bool { return c < ' ' || c > '~' }
