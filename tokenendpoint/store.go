package tokenendpoint

import (
	"context"
	"crypto/sha256"
	"strconv"
	"time"
)

// Sum is the SHA-256 of a code or of a refresh token, its key in a [Store].
type Sum = [sha256.Size]byte

// Authorization is a user's consent to an app. A code and its refresh tokens
// represent one.
type Authorization struct {
	// ClientID is the client_id of the app.
	ClientID string
	// GrantID is the app's installation on an organization.
	GrantID string
	// Subject is the user.
	Subject string
	// Scopes are the scopes that the user consented to.
	Scopes []string
	// Family identifies the refresh tokens that are issued for one code. The
	// endpoint sets it.
	Family string
}

// AuthorizationCode is an authorization code as a [Store] keeps it.
type AuthorizationCode struct {
	Authorization
	// RedirectURI is the redirect_uri of the authorization request, empty if it had
	// none.
	RedirectURI string
	// Challenge is the S256 code challenge, empty if there was none.
	Challenge string
	// ExpiresAt is the time from which on the code is [Expired].
	ExpiresAt time.Time
	// Used is set by Consume.
	Used bool
}

// RefreshToken is a refresh token as a [Store] keeps it.
type RefreshToken struct {
	Authorization
	// ExpiresAt is the time from which on the token is [Expired].
	ExpiresAt time.Time
	// RetiredAt is the time of its rotation, zero for a living token.
	RetiredAt time.Time
	// Successor is the token that replaced it, encrypted so that only the token
	// itself decrypts it.
	Successor [sha256.Size]byte
}

// Outcome is the result of an operation that happens at most once.
type Outcome int

const (
	// Unknown is the outcome if the store does not have the code or token, or no
	// longer has it, or if it was revoked. The operation has no effect.
	Unknown Outcome = iota
	// Fresh is the outcome of the first use. The operation took effect.
	Fresh
	// Used is the outcome of any other use. The operation has no effect.
	Used
	// Expired is the outcome of a use at the expiry or later. The operation has no
	// effect.
	Expired
)

// String returns the name of the outcome, such as "Fresh".
func (o Outcome) String() string {
	switch o {
	case Unknown:
		return "Unknown"
	case Fresh:
		return "Fresh"
	case Used:
		return "Used"
	case Expired:
		return "Expired"
	}
	return "Outcome(" + strconv.Itoa(int(o)) + ")"
}

// Store stores codes and refresh tokens. [MemoryStore] keeps them in memory.
// Package storetest tests implementations.
//
// If a method returns an error, the answer is 503 and the operation has no effect;
// if a reply was lost, it took effect completely or not at all. The slices that a
// method receives or returns belong to the caller. All methods are called
// concurrently. Expired codes and tokens may be removed.
type Store interface {
	// SaveCode stores a new code.
	SaveCode(ctx context.Context, sum Sum, code AuthorizationCode) error

	// Code returns the code, also a used one, and reports whether there is one.
	Code(ctx context.Context, sum Sum) (AuthorizationCode, bool, error)

	// Consume marks the code as used and stores the first refresh token of its
	// family, nil for none, in one atomic step: of any number of calls for one
	// code, one is Fresh. at is the current time. A used code is kept until it
	// expires.
	Consume(ctx context.Context, code Sum, at time.Time, first *NewRefreshToken) (Outcome, error)

	// RefreshToken returns the token, also a retired one, and reports whether there
	// is one that was not revoked.
	RefreshToken(ctx context.Context, sum Sum) (RefreshToken, bool, error)

	// Rotate retires a living token and stores its successor, in one atomic step:
	// of any number of calls for one token, one is Fresh. It sets RetiredAt to at,
	// the current time, and Successor to sealed. If the outcome is Used, it returns
	// the token as the Fresh call left it. A retired token is kept until it
	// expires.
	Rotate(ctx context.Context, token Sum, at time.Time, sealed [sha256.Size]byte, successor NewRefreshToken) (RefreshToken, Outcome, error)

	// RevokeFamily makes all refresh tokens of the family Unknown, also those that
	// a concurrent Consume or Rotate adds.
	RevokeFamily(ctx context.Context, family string) error

	// RevokeGrant does the same for all codes and refresh tokens of the grant.
	RevokeGrant(ctx context.Context, grantID string) error
}

// NewRefreshToken is a refresh token to store.
type NewRefreshToken struct {
	// Sum is the key of the token.
	Sum Sum
	RefreshToken
}
