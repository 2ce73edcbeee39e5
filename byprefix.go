package bearergate

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/bearergate/bearergate/internal/b64token"
)

// ByPrefix returns a [Verifier] that passes tokens with this prefix to match, and
// all others to otherwise. If one verifier refuses a token, the other is not asked.
// If one of them is a [RequestVerifier], the result is one too. The challenge of a
// scheme that both accept is that of match. It panics if the prefix is empty or
// cannot begin a token.
func ByPrefix(prefix string, match, otherwise Verifier) Verifier {
	if !b64token.Valid(prefix) {
		panic("bearergate: ByPrefix needs a prefix of letters, digits and -._~+/; with one verifier, use it as it is")
	}
	checkVerifier("ByPrefix", match)
	checkVerifier("ByPrefix", otherwise)
	v := &prefixVerifier{prefix: prefix, match: newPrefixMember(match), otherwise: newPrefixMember(otherwise)}
	b64token.Mark(&v.marked, v)
	_, matchProofs := match.(RequestVerifier)
	_, otherProofs := otherwise.(RequestVerifier)
	if matchProofs || otherProofs {
		return &prefixRequestVerifier{v}
	}
	return v
}

type marked = b64token.Marked[prefixVerifier]

// prefixVerifier accepts only b64tokens, whatever its members accept.
type prefixVerifier struct {
	marked
	prefix           string
	match, otherwise prefixMember
}

type prefixMember struct {
	verifier Verifier
	checked  bool // the verifier accepts only b64tokens
	schemes  []Scheme
	verify   requestVerification
}

func newPrefixMember(v Verifier) prefixMember {
	schemes, verify := verificationOf(v)
	return prefixMember{v, b64token.AcceptedOnlyBy(v), schemes, verify}
}

func (v *prefixVerifier) member(raw string) *prefixMember {
	if strings.HasPrefix(raw, v.prefix) {
		return &v.match
	}
	return &v.otherwise
}

// VerifyToken implements [Verifier].
func (v *prefixVerifier) VerifyToken(ctx context.Context, raw string) (*Token, error) {
	m := v.member(raw)
	if !m.checked && !b64token.Valid(raw) {
		return nil, malformed(raw)
	}
	return m.verifier.VerifyToken(ctx, raw)
}

// prefixRequestVerifier has a member that needs the request.
type prefixRequestVerifier struct{ *prefixVerifier }

// schemeNotAccepted is the scheme by which a token was sent, and those that its
// verifier accepts.
type schemeNotAccepted struct {
	prefix   string
	used     string
	accepted []Scheme
}

func (s schemeNotAccepted) String() string {
	return fmt.Sprintf("the token was sent by the scheme %s; of the verifiers for tokens with and without the prefix %q, its own accepts %s", s.used, s.prefix, schemeNames(s.accepted))
}

// Schemes implements [RequestVerifier].
func (v *prefixRequestVerifier) Schemes() []Scheme {
	schemes := slices.Clone(v.match.schemes)
	for _, s := range v.otherwise.schemes {
		if !hasScheme(schemes, s.Name) {
			schemes = append(schemes, s)
		}
	}
	return schemes
}

// VerifyRequest implements [RequestVerifier].
func (v *prefixRequestVerifier) VerifyRequest(r *http.Request, scheme, raw string) (*Token, error) {
	m := v.member(raw)
	if !hasScheme(m.schemes, scheme) {
		return nil, becauseOf(Error{Code: ErrInvalidToken}, schemeNotAccepted{v.prefix, scheme, m.schemes})
	}
	return m.verify(r, scheme, raw)
}
