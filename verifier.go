package bearergate

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/bearergate/bearergate/internal/b64token"
)

// Verifier decides whether a token is good.
//
// It returns the token, or an error with [ErrInvalidToken] in its tree for a
// token that is expired, forged or unknown: 401. Another [Code], or an [*Error], in
// the tree sets its own answer. Any other error, and neither token nor error, means
// that it cannot tell: 503. It must not quote the token in
// its errors. It is called concurrently.
type Verifier interface {
	VerifyToken(ctx context.Context, raw string) (*Token, error)
}

// VerifierFunc is a function that is a [Verifier].
type VerifierFunc func(ctx context.Context, raw string) (*Token, error)

// VerifyToken implements [Verifier].
func (f VerifierFunc) VerifyToken(ctx context.Context, raw string) (*Token, error) {
	return f(ctx, raw)
}

// RequestVerifier is a [Verifier] that checks a proof of possession beside the
// token, such as DPoP (RFC 9449) or a client certificate (RFC 8705), and needs the
// request to do so. [RequireToken] finds it by a type assertion and then calls
// VerifyRequest in place of VerifyToken.
//
// A type that embeds a RequestVerifier inherits VerifyRequest: one that wraps
// VerifyToken must wrap it too.
type RequestVerifier interface {
	Verifier
	// Schemes returns the schemes by which tokens are accepted, one at least, in
	// the order of the challenges. RequireToken calls it once.
	Schemes() []Scheme
	// VerifyRequest is VerifyToken for a token that was sent with r by one of the
	// schemes. It returns a token with a [Confirmation] only if it checked the
	// proof. It must not read the body.
	VerifyRequest(r *http.Request, scheme, raw string) (*Token, error)
}

func checkVerifier(constructor string, v Verifier) {
	switch {
	case b64token.Unmade(v):
		panic(fmt.Sprintf("bearergate: a %T that New did not return; look at New's error", v))
	case isNil(v):
		panic(fmt.Sprintf("bearergate: %s needs a Verifier; see jwtverifier.New and NewOpaqueVerifier", constructor))
	}
}

// requestVerification verifies a token that was sent by the scheme.
type requestVerification func(r *http.Request, scheme, raw string) (*Token, error)

// verificationOf returns the schemes by which v accepts tokens, and how it
// verifies them.
func verificationOf(v Verifier) ([]Scheme, requestVerification) {
	if rv, ok := v.(RequestVerifier); ok {
		return rv.Schemes(), proofVerification(rv)
	}
	return bearerOnly.all, bearerVerification(v)
}

// proofVerification calls v for syntactically valid tokens; any other is
// malformed.
func proofVerification(v RequestVerifier) requestVerification {
	return func(r *http.Request, scheme, raw string) (*Token, error) {
		if !b64token.Valid(raw) {
			return nil, errMalformedToken
		}
		return v.VerifyRequest(r, scheme, raw)
	}
}

var errSenderConstrained = ErrInvalidToken.because(errors.New("the token is sender-constrained, and was sent as bearer"))

// bearerVerification calls v for syntactically valid tokens; any other is
// malformed, whatever v returns. If v accepts only valid ones, they are looked at
// only if v refuses: a look costs a fifth of a repeated token.
func bearerVerification(v Verifier) requestVerification {
	checked := b64token.AcceptedOnlyBy(v)
	return func(r *http.Request, _, raw string) (*Token, error) {
		if !checked && !b64token.Valid(raw) {
			return nil, errMalformedToken
		}
		token, err := v.VerifyToken(r.Context(), raw)
		switch {
		case err != nil && checked && !b64token.Valid(raw):
			return nil, errMalformedToken
		case err != nil:
			return nil, err
		case token != nil && token.claims.Confirmation != nil:
			return nil, errSenderConstrained
		}
		return token, nil
	}
}
