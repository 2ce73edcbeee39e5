package bearergate

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/bearergate/bearergate/internal/b64token"
)

// Verifier decides whether a token is good.
//
// It returns the token, or an error with [ErrInvalidToken] in its tree for a
// token that is expired, forged or unknown: 401. Any other error, and neither
// token nor error, means that it cannot tell: 503. The raw token is for it
// alone; its errors do not quote it. It is called concurrently.
type Verifier interface {
	VerifyToken(ctx context.Context, raw string) (*Token, error)
}

// acceptsOnlyB64Tokens reports whether v accepts only b64tokens of RFC 6750
// section 2.1, so that a token which it accepted need not be scanned: that is a
// part of the cost of a repeated token. It panics if v is a nil or zero value of a
// type that has a constructor.
func acceptsOnlyB64Tokens(v Verifier) bool {
	if b64token.Unmade(v) {
		panic(fmt.Sprintf("bearergate: a %T that New did not return; look at New's error", v))
	}
	return b64token.AcceptedOnlyBy(v)
}

// verify calls v. It refuses what is no b64token as malformed, whatever v answers.
// Unless v accepts only b64tokens, it is not called with anything else.
func verify(ctx context.Context, v Verifier, onlyB64Tokens bool, raw string) (*Token, error) {
	if !onlyB64Tokens && !b64token.Valid(raw) {
		return nil, errMalformedBearer
	}
	token, err := v.VerifyToken(ctx, raw)
	if err != nil && onlyB64Tokens && !b64token.Valid(raw) {
		return nil, errMalformedBearer
	}
	return token, err
}

// OpaqueLookup finds an opaque token by the SHA-256 of its whole text, prefix
// included, so that the store behind it holds no usable secret.
//
// It returns the claims, with Type and ExpiresAt set; or an error with
// [ErrInvalidToken] in its tree for a token that it does not know: 401. Any
// other error, and claims without type or expiry, means that it cannot tell:
// 503. It is called concurrently.
type OpaqueLookup func(ctx context.Context, sum [sha256.Size]byte) (Claims, error)

// NewOpaqueVerifier returns a [Verifier] for opaque tokens with this prefix. A
// token without it is refused without a lookup, and so is one that expired more
// than [DefaultLeeway] ago.
func NewOpaqueVerifier(prefix string, lookup OpaqueLookup) Verifier {
	if !b64token.Valid(prefix) {
		panic("bearergate: NewOpaqueVerifier needs a prefix of letters, digits and -._~+/, such as \"bi_oat_\"")
	}
	if lookup == nil {
		panic("bearergate: NewOpaqueVerifier needs a lookup; pass a func(ctx, sum) (Claims, error)")
	}
	return &opaqueVerifier{prefix, lookup}
}

type opaqueVerifier struct {
	prefix string
	lookup OpaqueLookup
}

var (
	errNotOpaque       = ErrInvalidToken.because(errors.New("the token does not have the prefix of an opaque token"))
	errOpaqueExpired   = ErrInvalidToken.because(errors.New("the token expired"))
	errOpaqueUndecided = ErrTemporarilyUnavailable.because(errors.New("bearergate: the lookup answered neither an error nor claims with a type and an expiry"))
)

func (v *opaqueVerifier) VerifyToken(ctx context.Context, raw string) (*Token, error) {
	if len(raw) == len(v.prefix) || !strings.HasPrefix(raw, v.prefix) {
		return nil, errNotOpaque
	}
	claims, err := v.lookup(ctx, sha256.Sum256([]byte(raw)))
	switch {
	case err != nil:
		return nil, err
	case !claims.Type.known() || claims.ExpiresAt.IsZero():
		return nil, errOpaqueUndecided
	case !time.Now().Before(claims.ExpiresAt.Add(DefaultLeeway)):
		return nil, errOpaqueExpired
	}
	return NewToken(claims), nil
}

// ByPrefix returns a [Verifier] that gives tokens with this prefix to match
// alone, and all others to otherwise alone: what one refuses is not tried by
// the other.
func ByPrefix(prefix string, match, otherwise Verifier) Verifier {
	if prefix == "" {
		panic("bearergate: ByPrefix needs a prefix; with one verifier, use it as it is")
	}
	if match == nil || otherwise == nil {
		panic("bearergate: ByPrefix needs two verifiers; with one, use it as it is")
	}
	v := &prefixVerifier{
		prefix: prefix,
		match:  match, matchChecks: acceptsOnlyB64Tokens(match),
		otherwise: otherwise, otherwiseChecks: acceptsOnlyB64Tokens(otherwise),
	}
	b64token.Mark(&v.Marked, v) // its VerifyToken checks
	return v
}

type prefixVerifier struct {
	b64token.Marked[prefixVerifier]
	prefix                       string
	match, otherwise             Verifier
	matchChecks, otherwiseChecks bool
}

func (v *prefixVerifier) VerifyToken(ctx context.Context, raw string) (*Token, error) {
	if strings.HasPrefix(raw, v.prefix) {
		return verify(ctx, v.match, v.matchChecks, raw)
	}
	return verify(ctx, v.otherwise, v.otherwiseChecks, raw)
}
