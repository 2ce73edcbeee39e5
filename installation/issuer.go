package installation

import (
	"context"
	"crypto/sha256"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/internal/b64token"
	"github.com/bearergate/bearergate/internal/secret"
)

// TokenIssuer returns the text of a new token with these claims: a JWT, or an
// opaque token, see [IssueOpaque]. A [bearergate.Code] or [*bearergate.Error] in
// the tree of its error sets the answer; any other error is 503. It is called
// concurrently.
type TokenIssuer func(ctx context.Context, c bearergate.Claims) (string, error)

// SaveFunc saves the claims of an opaque token by the SHA-256 of its text. If it
// returns nil, every [bearergate.OpaqueLookup] that begins later finds the claims
// until they expire. If it returns an error, the token is not handed out, and may be
// saved all the same. It must not keep the slices of c. It is called concurrently.
// Package opaquetest tests a SaveFunc and its lookup.
type SaveFunc func(ctx context.Context, sum [sha256.Size]byte, c bearergate.Claims) error

// IssueOpaque returns a [TokenIssuer] of opaque tokens that begin with the prefix,
// such as [DefaultPrefix]. It calls save for each. It panics if save is nil, and if
// [bearergate.NewOpaqueVerifier] does not accept the prefix.
func IssueOpaque(prefix string, save SaveFunc) TokenIssuer {
	if !b64token.Valid(prefix) {
		panic("installation: IssueOpaque needs a prefix of letters, digits and -._~+/, such as \"bi_oat_\"")
	}
	if save == nil {
		panic("installation: IssueOpaque was given a nil SaveFunc; pass one, such as new(MemoryTokens).Save")
	}
	return func(ctx context.Context, c bearergate.Claims) (string, error) {
		token := prefix + secret.New()
		if err := save(ctx, sha256.Sum256([]byte(token)), c); err != nil {
			return "", err
		}
		return token, nil
	}
}
