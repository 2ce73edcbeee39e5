package tokenendpoint

import (
	"context"
	"crypto/sha256"
	"slices"
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
	// FamilyID identifies what is issued for one code. The endpoint sets it when the
	// code is exchanged.
	FamilyID string
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
	// Used is set by Consume, and so is FamilyID.
	Used bool
}

// Outcome is the result of [Store.Consume].
type Outcome int

const (
	// Unknown is the outcome if the store does not have the code, or no longer has
	// it. Nothing changes.
	Unknown Outcome = iota
	// Fresh is the outcome of the first use.
	Fresh
	// Used is the outcome of any other use. Nothing changes.
	Used
	// Expired is the outcome of a use at the expiry or later. Nothing changes.
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

// Store stores codes and families of refresh tokens. [MemoryStore] keeps them in
// memory. Package storetest tests implementations.
//
// If a method returns an error, the operation took effect completely or not at all. It
// may also take effect later: a statement that was cancelled can still run. So a write
// that began should not end with its context, which is cancelled when the client hangs
// up, but by a timeout of the store's own.
//
// The slices that a method receives or returns belong to the caller. All methods are
// called concurrently. Expired codes and families may be removed.
//
// Times are those of the machine that serves the request, also at. The clocks of
// machines that share a store must agree within a few seconds, well under
// [Config.Grace]: a machine that is ahead by the grace can take a refresh that an app
// repeats for a theft.
type Store interface {
	// SaveCode stores a new code.
	SaveCode(ctx context.Context, sum Sum, code AuthorizationCode) error

	// Code returns the code, also a used one, and reports whether there is one.
	Code(ctx context.Context, sum Sum) (AuthorizationCode, bool, error)

	// Consume marks the code as used, sets its FamilyID to that of first, and stores
	// first, in one atomic step: of any number of calls for one code, one is Fresh.
	// at is the time at which the request arrived. A used code is kept until it expires.
	Consume(ctx context.Context, code Sum, at time.Time, first Family) (Outcome, error)

	// Family returns the family with this id, also a revoked one, and reports
	// whether there is one. It returns the last one that was stored.
	Family(ctx context.Context, id string) (Family, bool, error)

	// ReplaceFamily stores f in place of the family with the same id, if the Version
	// of that is f.Version-1, in one atomic step: of any number of calls for one
	// version, one reports true. Otherwise nothing changes, and it reports false; so
	// it does if there is no such family.
	ReplaceFamily(ctx context.Context, f Family) (bool, error)

	// RevokeGrant removes all codes and families of the grant in one atomic step.
	// Neither a Consume nor a ReplaceFamily that runs at the same time leaves one
	// behind.
	RevokeGrant(ctx context.Context, grantID string) error
}

// clone returns a copy that shares no slices with c.
func (c AuthorizationCode) clone() AuthorizationCode {
	c.Scopes = slices.Clone(c.Scopes)
	return c
}
