package client

import (
	"context"
	"time"

	"github.com/bearergate/bearergate"
)

// Connection is the state that an app stores for one user: the grant and its
// tokens. All fields except GrantID and Dead are secret.
type Connection struct {
	// GrantID is the id of the grant, for [Config.MintURL].
	GrantID string
	// RefreshToken is the newest refresh token.
	RefreshToken string
	// Access is the access token. If it is empty or due, the Transport gets a new one
	// with RefreshToken.
	Access StoredToken
	// Installation is the installation token. If it is empty or due, the Transport
	// mints a new one with Access.
	Installation StoredToken
	// Dead is the code of the error that ended the connection. It is empty while
	// the connection lives.
	Dead bearergate.Code
}

// StoredToken is a token and its lifetime.
type StoredToken struct {
	// Text is the token itself, empty if there is none.
	Text string
	// IssuedAt and ExpiresAt bound its lifetime.
	IssuedAt  time.Time
	ExpiresAt time.Time
}

// renewMargin is how long before its expiry a token is renewed. A token that lives
// less than four times as long is renewed in its last quarter.
const renewMargin = time.Minute

// fresh reports whether there is a token that need not be renewed.
func (t StoredToken) fresh(now time.Time) bool {
	margin := min(renewMargin, t.ExpiresAt.Sub(t.IssuedAt)/4)
	return t.Text != "" && now.Before(t.ExpiresAt.Add(-margin))
}

// living reports whether there is a token that has not expired.
func (t StoredToken) living(now time.Time) bool {
	return t.Text != "" && now.Before(t.ExpiresAt)
}

// ConnectionStore stores connections for all processes that share them. Package
// connectiontest tests implementations.
type ConnectionStore interface {
	// Load returns the connection of id. If there is none, the error wraps
	// [ErrNoConnection]. Any other error means that the store failed.
	Load(ctx context.Context, id string) (Connection, error)

	// Save replaces the connection of id. If it returns nil, every later Load returns
	// the new one.
	Save(ctx context.Context, id string, c Connection) error

	// Lock waits until no other caller holds the lock of id. It returns an error if
	// ctx ends first. unlock is called once. The lock of a process that crashed must
	// expire, but not in less than a minute.
	Lock(ctx context.Context, id string) (unlock func(), err error)
}

// StoreError is an error of a [ConnectionStore].
type StoreError string

// ErrNoConnection means that a [ConnectionStore] has no connection with the id.
const ErrNoConnection StoreError = "client: no such connection"

// Error returns the text.
func (e StoreError) Error() string { return string(e) }
