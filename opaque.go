package bearergate

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/bearergate/bearergate/internal/b64token"
	"github.com/bearergate/bearergate/internal/quote"
)

// OpaqueLookup finds an opaque token by the SHA-256 of its whole text, prefix
// included, so that the store behind it holds no usable secret.
//
// It returns the claims, with Type and ExpiresAt set. If it does not know the token,
// it returns an error with [ErrInvalidToken] in its tree: 401. Another [Code], or an
// [*Error], in the tree sets its own answer. Any other error means that it cannot
// decide: 503. So do claims without type or expiry. It is called concurrently.
// [CachedLookup] in front of it spares queries.
type OpaqueLookup func(ctx context.Context, sum [sha256.Size]byte) (Claims, error)

// NewOpaqueVerifier returns a [Verifier] for opaque tokens with this prefix. A token
// without the prefix is answered 401 invalid_token without a lookup. So is, after the
// lookup, a token that expired more than [DefaultLeeway] ago. It panics if lookup is
// nil, or if the prefix is empty or cannot begin a token.
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

var errUnknownOpaque = ErrInvalidToken.because(errors.New("the lookup does not know the opaque token"))

// The facts of an opaque token that is refused.
type (
	prefixMissing   struct{ prefix string }
	expiredOpaque   struct{ expiry, now time.Time }
	undecidedOpaque struct {
		typ    TokenType
		expiry time.Time
	}
)

func (p prefixMissing) String() string {
	return fmt.Sprintf("the token is not an opaque token: it does not begin with %q and go on", p.prefix)
}

func (e expiredOpaque) String() string {
	return fmt.Sprintf("the token expired at %s, %v ago; the leeway is %v", e.expiry.UTC().Format(time.RFC3339), e.now.Sub(e.expiry).Truncate(time.Millisecond), DefaultLeeway)
}

func (u undecidedOpaque) String() string {
	return fmt.Sprintf("bearergate: the lookup returned claims with the type %s and the expiry %s; set Claims.Type to AccessToken or InstallationToken, and Claims.ExpiresAt", quote.Text(string(u.typ)), u.expiry.UTC().Format(time.RFC3339))
}

func (v *opaqueVerifier) VerifyToken(ctx context.Context, raw string) (*Token, error) {
	if len(raw) == len(v.prefix) || !strings.HasPrefix(raw, v.prefix) {
		return nil, becauseOf(Error{Code: ErrInvalidToken}, prefixMissing{v.prefix})
	}
	claims, err := v.lookup(ctx, sha256.Sum256([]byte(raw)))
	now := time.Now()
	switch {
	case err == error(ErrInvalidToken):
		return nil, errUnknownOpaque
	case err != nil:
		return nil, err
	case !decided(claims):
		return nil, becauseOf(Error{Code: ErrTemporarilyUnavailable}, undecidedOpaque{claims.Type, claims.ExpiresAt})
	case !now.Before(claims.ExpiresAt.Add(DefaultLeeway)):
		return nil, becauseOf(Error{Code: ErrInvalidToken}, expiredOpaque{claims.ExpiresAt, now})
	}
	return NewToken(claims), nil
}

// decided reports whether a lookup returned the claims of a token.
func decided(c Claims) bool { return c.Type.known() && !c.ExpiresAt.IsZero() }
