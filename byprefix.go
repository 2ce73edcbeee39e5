package bearergate

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/bearergate/bearergate/internal/b64token"
)

// ByPrefix returns a [Verifier] that gives tokens with this prefix to match
// alone, and all others to otherwise alone: a token that one refuses is not tried
// by the other. If one of them is a [RequestVerifier], the result is one too; the
// challenge of a scheme that both accept is that of match.
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
		return nil, errMalformedToken
	}
	return m.verifier.VerifyToken(ctx, raw)
}

// prefixRequestVerifier has a member that wants the request.
type prefixRequestVerifier struct{ *prefixVerifier }

var errOtherScheme = ErrInvalidToken.because(errors.New("the token was sent by a scheme that its verifier does not accept"))

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
		return nil, errOtherScheme
	}
	return m.verify(r, scheme, raw)
}
