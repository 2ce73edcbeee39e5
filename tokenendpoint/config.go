package tokenendpoint

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/internal/typednil"
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
	// Issue returns an access token for an authorization, with its scopes and with
	// its TokenID as "jti". It is called before the code is consumed or the refresh
	// token is rotated. If a concurrent request is first, the access token is
	// discarded. If its error
	// wraps a [bearergate.Code] or [*bearergate.Error], that is the answer. Any
	// other error is answered 503.
	Issue func(ctx context.Context, r IssueRequest) (Issued, error)
	// Grants, if set, is consulted before Issue and again after it. If the grant is
	// unknown or revoked, the answer is invalid_grant.
	Grants bearergate.GrantStore

	// CodeLifetime is how long a code can be exchanged. If zero,
	// [DefaultCodeLifetime] is used.
	CodeLifetime time.Duration
	// RefreshLifetime is how long an unused refresh token lives. If zero,
	// [DefaultRefreshLifetime] is used. If negative, no refresh tokens are issued.
	RefreshLifetime time.Duration
	// Grace is how long a rotated refresh token is still answered, with the living
	// token of its family. It serves clients that lost the first answer, and apps
	// with two processes that refresh at once. A thief of the rotated token gets the
	// same answer. At most the 64 last retired tokens of a family are answered. If zero,
	// [DefaultGrace] is used. If negative, there is no grace.
	Grace time.Duration
	// MaxReuses is how often a rotated refresh token is answered within its grace.
	// One more use revokes the family. If zero, there is no limit. With UsesReported,
	// the limit holds from the first use of something that was issued with its
	// successor. Without it, leave room for a client that loses several answers:
	// package client sends a refresh token up to four times.
	MaxReuses int
	// UsesReported promises that every use of an access token is reported by
	// [Endpoint.ReportUse], as the routes of package installation do if it is their
	// Config.ReportUse. A rotated refresh token is then answered also after its
	// grace, until something that was issued with its successor is used. So an
	// answer that was lost costs no connection. If access tokens are also used
	// elsewhere, such as at an API that reads them itself, leave it false.
	UsesReported bool
	// Revoked, if set, is called after a family was revoked, because a code or a
	// refresh token was used again. It ends the opaque access tokens and the
	// installation tokens of a.Family, such as the RevokeFamily method of
	// installation.MemoryTokens does. [FamilyOf] returns the family of a token.
	// Tokens that are verified without a store live until they expire.
	//
	// If it fails, the answer is 503, and the next use of a code or refresh token of
	// the family calls it again. It may be called several times for one family.
	Revoked func(ctx context.Context, a Authorization) error
}

// IssueRequest is what an access token is issued for.
type IssueRequest struct {
	Authorization
	// TokenID is the id that the access token must have, its "jti" or the ID of its
	// claims, so that the endpoint knows it again.
	TokenID string
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
		revoked: c.Revoked, codeLifetime: cmp.Or(c.CodeLifetime, DefaultCodeLifetime),
		rules: rules{
			lifetime:     cmp.Or(c.RefreshLifetime, DefaultRefreshLifetime),
			grace:        max(cmp.Or(c.Grace, DefaultGrace), 0),
			usesReported: c.UsesReported,
			maxReuses:    c.MaxReuses,
		},
	}, nil
}

func (c *Config) check() error {
	var faults []error
	fault := func(format string, args ...any) {
		faults = append(faults, fmt.Errorf("tokenendpoint: Config."+format, args...))
	}
	if typednil.Is(c.Clients) {
		fault("Clients is nil; use a ClientStore that finds your registered clients")
	}
	if typednil.Is(c.Store) {
		fault("Store is nil; use a Store in your database, or new(tokenendpoint.MemoryStore)")
	}
	if c.Issue == nil {
		fault("Issue is nil; use a function that returns an access token for an Authorization")
	}
	if c.Grants != nil && typednil.Is(c.Grants) {
		fault("Grants holds a nil %T; use a GrantStore, or leave it out", c.Grants)
	}
	if c.CodeLifetime < 0 {
		fault("CodeLifetime is %v; use a positive duration, or 0 for %v", c.CodeLifetime, DefaultCodeLifetime)
	}
	if c.MaxReuses < 0 {
		fault("MaxReuses is %d; use a positive number, or 0 for no limit", c.MaxReuses)
	}
	return errors.Join(faults...)
}
