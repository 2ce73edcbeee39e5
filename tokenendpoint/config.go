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

// Config configures an [Endpoint]. Clients, Store and Issue are required.
type Config struct {
	// Clients finds the registered clients.
	Clients ClientStore
	// Store stores codes and refresh tokens.
	Store Store
	// Issue returns an access token for an authorization, with its scopes. It is
	// called before the code is consumed or the refresh token is rotated. If a
	// concurrent request is first, the access token is discarded. If its error
	// wraps a [bearergate.Code] or [*bearergate.Error], that is the answer. Any
	// other error is answered 503.
	Issue func(ctx context.Context, a Authorization) (Issued, error)
	// Grants, if set, is consulted before Issue. If the grant is unknown or
	// revoked, the answer is invalid_grant.
	Grants bearergate.GrantStore

	// CodeLifetime is how long a code can be exchanged. If zero,
	// [DefaultCodeLifetime] is used.
	CodeLifetime time.Duration
	// RefreshLifetime is how long an unused refresh token lives. If zero,
	// [DefaultRefreshLifetime] is used. If negative, no refresh tokens are issued.
	RefreshLifetime time.Duration
	// Grace is how long a rotated refresh token is still accepted; the answer has
	// the same successor. It serves clients that lost the first answer, and apps
	// with two processes that refresh at once. If zero, [DefaultGrace] is used. If
	// negative, a rotated token is never accepted.
	Grace time.Duration
}

// Issued is a new access token.
type Issued struct {
	// Token is the text of the access token.
	Token string
	// ExpiresIn is the lifetime of the token, at least a second. Clients receive
	// whole seconds, rounded down.
	ExpiresIn time.Duration
}

// New returns the endpoint that c configures. The error names every fault of c.
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
