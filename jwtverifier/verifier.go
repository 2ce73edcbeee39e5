// Package jwtverifier verifies JWT access tokens and installation tokens for
// [bearergate.RequireToken].
//
// It takes the compact serialization alone, checks the signature over exactly
// the received bytes before it believes anything, and holds tokens to RFC 7519
// and RFC 8725: an allow-list of algorithms that the key must fit, no critical
// or content-changing header members, exact issuer and audience, a required
// expiry, strict base64url and JSON. Nothing is fetched because of what a token
// says.
package jwtverifier

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/jwtverifier/internal/jose"
)

// MaxLeeway bounds [Config.Leeway].
const MaxLeeway = 5 * time.Minute

// Config says which tokens are good. Issuer, Audience and Keys are required.
type Config struct {
	// Issuer is what "iss" must be, byte for byte.
	Issuer string
	// Audience is what "aud" must be or contain, byte for byte: the API.
	Audience string
	// Keys are the issuer's.
	Keys KeySource
	// Leeway is how far the clocks of issuer and API may differ: it is granted
	// on "exp" and "nbf". Zero stands for [bearergate.DefaultLeeway], a
	// negative value for none, and more than [MaxLeeway] is an error.
	Leeway time.Duration
	// RequireTypeATJWT refuses tokens whose header does not say "typ":"at+jwt"
	// (RFC 9068 section 2.1). Without it, tokens without "typ" and with "JWT"
	// are taken too.
	RequireTypeATJWT bool
	// ClaimNames are the names of claims that are not registered.
	ClaimNames ClaimNames
	// Logger is told, once and by New, which keys are skipped and why. Nil
	// means silence.
	Logger *slog.Logger
}

// Verifier is a [bearergate.Verifier] of JWTs. It is safe for concurrent use.
type Verifier struct {
	keys     KeySource
	policy   policy
	requires func(typ string) bool
}

// New returns a Verifier. The error names every fault of the configuration.
func New(c Config) (*Verifier, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	v := &Verifier{keys: c.Keys, policy: newPolicy(c), requires: isAccessTokenType}
	if c.RequireTypeATJWT {
		v.requires = isATJWT
	}
	if c.Logger != nil {
		for _, err := range c.Keys.skippedKeys() {
			c.Logger.Warn("bearergate: key skipped", "issuer", c.Issuer, "reason", err)
		}
	}
	return v, nil
}

func (c Config) check() error {
	var faults []error
	fault := func(format string, args ...any) {
		faults = append(faults, fmt.Errorf("jwtverifier: "+format, args...))
	}
	if c.Issuer == "" {
		fault("Config.Issuer is empty; set it to the \"iss\" of the tokens")
	}
	if c.Audience == "" {
		fault("Config.Audience is empty; set it to what the \"aud\" of the tokens calls this API")
	}
	if c.Keys == nil {
		fault("Config.Keys is nil; see StaticKeys")
	}
	if c.Leeway > MaxLeeway {
		fault("Config.Leeway is %v; at most %v is allowed", c.Leeway, MaxLeeway)
	}
	faults = append(faults, c.ClaimNames.check()...)
	return errors.Join(faults...)
}

// VerifyToken implements [bearergate.Verifier].
func (v *Verifier) VerifyToken(ctx context.Context, raw string) (*bearergate.Token, error) {
	signed, err := jose.Parse(raw)
	if err != nil {
		return nil, invalid(err)
	}
	if !v.requires(signed.Type) {
		return nil, invalid(errType)
	}
	keys, err := v.keys.keySet(ctx)
	if err != nil {
		return nil, fmt.Errorf("jwtverifier: keys of the issuer: %w", err)
	}
	if err := keys.Verify(signed); err != nil {
		return nil, invalid(err)
	}
	claims, err := v.policy.claims(signed.Payload, time.Now())
	if err != nil {
		return nil, invalid(err)
	}
	return bearergate.NewToken(claims), nil
}

var errType = errors.New("the header's typ is not that of an access token")

func isAccessTokenType(typ string) bool {
	return typ == "" || strings.EqualFold(typ, "JWT") || isATJWT(typ)
}

// isATJWT compares as media types do: without case, and "application/" may be
// left out (RFC 7515 section 4.1.9).
func isATJWT(typ string) bool {
	return strings.EqualFold(typ, "at+jwt") || strings.EqualFold(typ, "application/at+jwt")
}

func invalid(reason error) error {
	return fmt.Errorf("%w: %w", bearergate.ErrInvalidToken, reason)
}
