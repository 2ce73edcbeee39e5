package installation

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/internal/b64token"
	"github.com/bearergate/bearergate/internal/typednil"
)

// The defaults of [Config].
const (
	DefaultPrefix         = "bi_oat_"
	DefaultTokenLifetime  = time.Hour
	DefaultGrantParameter = "grantId"
)

// TokenStore keeps opaque installation tokens. [MemoryTokens] is one, and
// [NewTokenStore] returns one. Package opaquetest tests any other.
type TokenStore interface {
	// Save is a [SaveFunc].
	Save(ctx context.Context, sum [sha256.Size]byte, c bearergate.Claims) error
	// Lookup is a [bearergate.OpaqueLookup].
	Lookup(ctx context.Context, sum [sha256.Size]byte) (bearergate.Claims, error)
}

// Config is the settings of a [Service]. AccessTokens, Grants and Tokens are
// required.
type Config struct {
	// AccessTokens verifies access tokens, such as a jwtverifier.Verifier does.
	AccessTokens bearergate.Verifier
	// Grants finds the grants that access tokens were issued for.
	Grants bearergate.GrantStore
	// Tokens keeps the installation tokens.
	Tokens TokenStore

	// Prefix is what installation tokens begin with. Access tokens do not begin
	// with it, so it is neither the beginning of a JWT, "eyJ", nor a part of that. If empty, [DefaultPrefix] is used.
	Prefix string
	// Lifetime is how long installation tokens last, a second at least. If zero,
	// [DefaultTokenLifetime] is used.
	Lifetime time.Duration
	// GrantParameter is the name of the path parameter that names the grant. If
	// empty, [DefaultGrantParameter] is used, for /installations/{grantId}.
	GrantParameter string

	// ReportUse, if set, receives each access token that is used, such as the
	// ReportUse method of a tokenendpoint.Endpoint does. Set it if the endpoint's
	// Config.UsesReported is set: otherwise a theft is not found out.
	ReportUse UseReporter

	// RevokeTokens revokes the codes and refresh tokens of a grant, as the
	// RevokeGrant method of a tokenendpoint.Store does, and RevokeGrant revokes the
	// grant itself: see [RevokeHandler], also for a function that does both. If both
	// are nil, there is no [Service.Revoke].
	RevokeTokens, RevokeGrant RevokeFunc
}

func (c *Config) setDefaults() {
	c.Prefix = cmp.Or(c.Prefix, DefaultPrefix)
	c.Lifetime = cmp.Or(c.Lifetime, DefaultTokenLifetime)
	c.GrantParameter = cmp.Or(c.GrantParameter, DefaultGrantParameter)
}

func (c *Config) check() error {
	var faults []error
	fault := func(format string, args ...any) {
		faults = append(faults, fmt.Errorf("installation: Config."+format, args...))
	}
	if typednil.Is(c.AccessTokens) || b64token.Unmade(c.AccessTokens) {
		fault("AccessTokens is nil; use a verifier of access tokens, such as jwtverifier.New returns")
	}
	if typednil.Is(c.Grants) {
		fault("Grants is nil; use a GrantStore in your database, or new(bearergate.MemoryGrants)")
	}
	if typednil.Is(c.Tokens) {
		fault("Tokens is nil; use a TokenStore in your database, or new(installation.MemoryTokens)")
	}
	if !b64token.Valid(c.Prefix) {
		fault("Prefix is %q; use letters, digits and -._~+/, or nothing for %q", c.Prefix, DefaultPrefix)
	}
	if beginsJWTs(c.Prefix) {
		fault("Prefix is %q, and access tokens that are JWTs begin with %q; use another one, or nothing for %q", c.Prefix, jwtStart, DefaultPrefix)
	}
	if c.Lifetime < time.Second {
		fault("Lifetime is %v; use a second at least, or 0 for %v", c.Lifetime, DefaultTokenLifetime)
	}
	if (c.RevokeTokens == nil) != (c.RevokeGrant == nil) {
		fault("RevokeTokens or Config.RevokeGrant is nil; set both, or neither if nothing is revoked here")
	}
	return errors.Join(faults...)
}

// jwtStart is what JWTs begin with: the base64url of {" and of a letter's first bits.
const jwtStart = "eyJ"

// beginsJWTs reports whether access tokens that are JWTs could begin with prefix.
func beginsJWTs(prefix string) bool {
	return prefix != "" && (strings.HasPrefix(jwtStart, prefix) || strings.HasPrefix(prefix, jwtStart))
}
