package tokenendpoint

import (
	"context"
	"crypto/sha256"
	"time"
)

// Sum is the SHA-256 of a code or of a refresh token, by which a [Store] keeps
// it.
type Sum = [sha256.Size]byte

// Authorization is what a user has allowed an app, and what a code and the
// refresh tokens of it stand for.
type Authorization struct {
	ClientID string
	// GrantID is the app's installation on an organization.
	GrantID string
	Subject string
	Scopes  []string
	// Family names all that is issued for one code. The endpoint sets it.
	Family string
}

// Code is an authorization code as a [Store] keeps it.
type Code struct {
	Authorization
	// RedirectURI is that of the authorization request, empty where it had none.
	RedirectURI string
	// Challenge is the S256 code challenge, empty where there was none.
	Challenge string
	ExpiresAt time.Time
	// Used is set by Consume.
	Used bool
}

// RefreshToken is a refresh token as a [Store] keeps it.
type RefreshToken struct {
	Authorization
	ExpiresAt time.Time
	// RetiredAt is when it was rotated, zero for a living token.
	RetiredAt time.Time
	// Successor is the token that it was rotated to, in a form that only the
	// token itself opens.
	Successor [sha256.Size]byte
}

// Outcome is what came of a step that happens at most once.
type Outcome int

const (
	// Unknown is what a store does not have, no longer has, or has revoked.
	Unknown Outcome = iota
	// Fresh is the first use. It was done.
	Fresh
	// Used is any other use. Nothing was done.
	Used
	// Expired is a use that comes too late. Nothing was done.
	Expired
)

// Store keeps codes and refresh tokens. bearergatetest.TestTokenStore tests one;
// [MemoryStore] is one.
//
// An error means that the store cannot tell, and is answered 503. Then nothing
// must have been done; where that cannot be known, since an answer got lost,
// it must have been done wholly or not at all. All methods are called
// concurrently. What has expired may be forgotten.
type Store interface {
	// SaveCode keeps a new code.
	SaveCode(ctx context.Context, sum Sum, code Code) error

	// Code returns the code, a used one too, and whether there is one.
	Code(ctx context.Context, sum Sum) (Code, bool, error)

	// Consume marks the code as used and keeps the first refresh token of its
	// family, nil for none, in one atomic step: of any number of calls for one
	// code, one is Fresh. at is the time now. A used code is to be remembered until
	// it expires.
	Consume(ctx context.Context, code Sum, at time.Time, first *NewRefreshToken) (Outcome, error)

	// RefreshToken returns the token, a retired one too, and whether there is one
	// that was not revoked.
	RefreshToken(ctx context.Context, sum Sum) (RefreshToken, bool, error)

	// Rotate retires a living token, which sets its RetiredAt to at, the time now,
	// and its Successor to sealed, and keeps the successor, in one atomic step: of
	// any number of calls for one token, one is Fresh. For Used it returns the token
	// as that call left it. A retired token is to be remembered until it expires.
	Rotate(ctx context.Context, token Sum, at time.Time, sealed [sha256.Size]byte, successor NewRefreshToken) (RefreshToken, Outcome, error)

	// RevokeFamily makes all refresh tokens of the family Unknown, and leaves no
	// living one that a concurrent Consume or Rotate adds.
	RevokeFamily(ctx context.Context, family string) error

	// RevokeGrant does the same for all codes and refresh tokens of the grant.
	RevokeGrant(ctx context.Context, grantID string) error
}

// NewRefreshToken is a refresh token to be kept.
type NewRefreshToken struct {
	Sum Sum
	RefreshToken
}
