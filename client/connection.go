package client

import (
	"time"

	"github.com/bearergate/bearergate"
)

// Connection is the state that an app stores for one user: the grant and its
// tokens. All fields except GrantID, Dead and Revision are secret.
type Connection struct {
	// GrantID is the id of the grant, for [Config.MintURL] and [Config.RevokeURL].
	GrantID string
	// RefreshToken is the newest refresh token.
	RefreshToken string
	// Access is the access token. If it is empty or due, the Transport gets a new one
	// with RefreshToken.
	Access StoredToken
	// Installation is the installation token. If it is empty or due, the Transport
	// mints a new one with Access. It stays empty without [Config.MintURL].
	Installation StoredToken
	// Dead is the code of the error that ended the connection. It is empty while
	// the connection lives.
	Dead bearergate.Code
	// Revision is the number of times that the connection was saved. A
	// [ConnectionStore] compares it, and [SaveConnection] sets it.
	Revision int64
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
