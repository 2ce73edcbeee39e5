package bearergate

import (
	"context"
	"crypto/sha256"
	"errors"
	"strings"
	"time"

	"github.com/bearergate/bearergate/internal/b64token"
)

// OpaqueLookup finds an opaque token by the SHA-256 of its whole text, prefix
// included, so that the store behind it holds no usable secret.
//
// It returns the claims, with Type and ExpiresAt set; or an error with
// [ErrInvalidToken] in its tree for a token that it does not know: 401. Another
// [Code], or an [*Error], in the tree sets its own answer. Any other error, and claims without type or expiry, means that it cannot tell:
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
