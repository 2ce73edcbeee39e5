package tokenendpoint

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/bearergate/bearergate"
)

// The defaults of [Config].
const (
	DefaultCodeLifetime    = 10 * time.Minute
	DefaultRefreshLifetime = 30 * 24 * time.Hour
	DefaultGrace           = 30 * time.Second
)

// Config is the settings of an [Endpoint]. Clients, Store and Issue are required.
type Config struct {
	Clients ClientStore
	Store   Store
	// Issue returns an access token for an authorization, with its scopes. It is
	// called before the code is consumed or the refresh token rotated: if the
	// request then loses, the token is dropped. A [bearergate.Code] or
	// [*bearergate.Error] in the tree of its error sets the answer; any other error
	// is 503.
	Issue func(ctx context.Context, a Authorization) (Issued, error)
	// Grants, if set, is asked before Issue. If it does not know the grant, or if
	// the grant was revoked, the answer is invalid_grant.
	Grants bearergate.GrantStore

	// CodeLifetime is how long a code may be exchanged. If zero,
	// [DefaultCodeLifetime] is used.
	CodeLifetime time.Duration
	// RefreshLifetime is how long a refresh token lives that is not used. If zero,
	// [DefaultRefreshLifetime] is used. If negative, no refresh tokens are issued.
	RefreshLifetime time.Duration
	// Grace is how long a rotated refresh token still answers, with the same
	// successor: the answer to the first request may have been lost, or two
	// processes may have asked at once. If zero, [DefaultGrace] is used. If negative,
	// there is no grace.
	Grace time.Duration
}

// Issued is a new access token.
type Issued struct {
	// Token is the text of the access token.
	Token string
	// ExpiresIn is a second at least. Clients receive whole seconds, rounded down.
	ExpiresIn time.Duration
}

// New returns an endpoint. The error names every fault of c.
func New(c Config) (*Endpoint, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	return &Endpoint{
		clients: c.Clients, store: c.Store, issue: c.Issue, grants: c.Grants,
		codeLifetime:    cmp.Or(c.CodeLifetime, DefaultCodeLifetime),
		refreshLifetime: cmp.Or(c.RefreshLifetime, DefaultRefreshLifetime),
		grace:           max(cmp.Or(c.Grace, DefaultGrace), 0),
	}, nil
}

func (c *Config) check() error {
	var faults []error
	fault := func(format string, args ...any) {
		faults = append(faults, fmt.Errorf("tokenendpoint: Config."+format, args...))
	}
	if f, ok := c.Clients.(ClientStoreFunc); c.Clients == nil || ok && f == nil {
		fault("Clients is nil; use a ClientStore that finds your registered clients")
	}
	if c.Store == nil {
		fault("Store is nil; use a Store in your database, or new(tokenendpoint.MemoryStore)")
	}
	if c.Issue == nil {
		fault("Issue is nil; use a function that returns an access token for an Authorization")
	}
	if c.CodeLifetime < 0 {
		fault("CodeLifetime is %v; use a positive duration, or 0 for %v", c.CodeLifetime, DefaultCodeLifetime)
	}
	return errors.Join(faults...)
}
