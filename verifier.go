package bearergate

import (
	"context"
	"fmt"
	"net/http"

	"github.com/bearergate/bearergate/internal/b64token"
	"github.com/bearergate/bearergate/internal/typednil"
)

// Verifier decides whether a token is good.
//
// It returns the token. If the token is expired, forged or unknown, it returns an
// error with [ErrInvalidToken] in its tree: 401. Another [Code], or an [*Error], in
// the tree sets its own answer. Any other error means that it cannot decide: 503. So
// does a nil token without an error. Its errors must not quote the token. It is
// called concurrently.
type Verifier interface {
	VerifyToken(ctx context.Context, raw string) (*Token, error)
}

// VerifierFunc is a function that implements [Verifier].
type VerifierFunc func(ctx context.Context, raw string) (*Token, error)

// VerifyToken implements [Verifier].
func (f VerifierFunc) VerifyToken(ctx context.Context, raw string) (*Token, error) {
	return f(ctx, raw)
}

// RequestVerifier is a [Verifier] that needs the request to check a proof of
// possession beside the token, such as DPoP (RFC 9449) or a client certificate (RFC
// 8705). [RequireToken] finds it by a type assertion and then calls VerifyRequest in
// place of VerifyToken.
//
// A type that embeds a RequestVerifier inherits VerifyRequest. If it overrides
// VerifyToken, it must override VerifyRequest too.
type RequestVerifier interface {
	Verifier
	// Schemes returns the schemes by which tokens are accepted, at least one, in
	// the order of the challenges. RequireToken calls it once.
	Schemes() []Scheme
	// VerifyRequest verifies a token that was sent with r by one of the schemes. It
	// returns as VerifyToken does. It returns a token with a [Confirmation] only if it
	// checked the proof. It must not read the body.
	VerifyRequest(r *http.Request, scheme, raw string) (*Token, error)
}

func checkVerifier(constructor string, v Verifier) {
	switch {
	case b64token.Unmade(v):
		panic(fmt.Sprintf("bearergate: a %T that New did not return; look at New's error", v))
	case typednil.Is(v):
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
			return nil, malformed(raw)
		}
		return v.VerifyRequest(r, scheme, raw)
	}
}

// senderConstrained is the members of cnf that a token has.
type senderConstrained struct{ jwk, certificate bool }

func (s senderConstrained) String() string {
	members := "a member that is neither jkt nor x5t#S256"
	switch {
	case s.jwk && s.certificate:
		members = "the members jkt and x5t#S256"
	case s.jwk:
		members = "the member jkt"
	case s.certificate:
		members = "the member x5t#S256"
	}
	return "the token is sender-constrained by " + members + " of its claim cnf, and was sent as bearer; only a RequestVerifier checks the proof"
}

func sentAsBearer(c *Confirmation) error {
	return becauseOf(Error{Code: ErrInvalidToken}, senderConstrained{c.JWKThumbprint != "", c.CertificateThumbprint != ""})
}

// bearerVerification calls v for syntactically valid tokens; any other is
// malformed, also if v accepts it or cannot decide. If v accepts valid tokens only, the
// syntax is checked only when v refuses: the check costs a fifth of a repeated token.
func bearerVerification(v Verifier) requestVerification {
	checked := b64token.AcceptedOnlyBy(v)
	return func(r *http.Request, _, raw string) (*Token, error) {
		if !checked && !b64token.Valid(raw) {
			return nil, malformed(raw)
		}
		token, err := v.VerifyToken(r.Context(), raw)
		switch {
		case err != nil && checked && !b64token.Valid(raw):
			return nil, malformed(raw)
		case err != nil:
			return nil, err
		case token != nil && token.claims.Confirmation != nil:
			return nil, sentAsBearer(token.claims.Confirmation)
		}
		return token, nil
	}
}
