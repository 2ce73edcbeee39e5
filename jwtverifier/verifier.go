// Package jwtverifier verifies JWT access tokens and installation tokens for
// [bearergate.RequireToken].
//
// It accepts the compact serialization alone and checks the signature over exactly
// the received bytes before it believes a claim. Tokens must follow RFC 7519 and
// RFC 8725: an allow-list of algorithms that the key must fit, no critical or
// content-changing header members, exact issuer and audience, a required expiry,
// strict base64url and JSON. Nothing is fetched from a URL in a token.
//
// Keys come from the issuer ([DiscoverKeys], [RemoteKeys]) or from the program
// ([StaticKeys]). While the issuer is out of reach, known keys go on working. If a
// token cannot be decided, the error is one that bearergate answers with 503.
// Verified tokens are cached: see [Config.CacheSize].
package jwtverifier

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/internal/b64token"
	"github.com/bearergate/bearergate/jwtverifier/internal/jose"
)

// MaxLeeway bounds [Config.Leeway].
const MaxLeeway = 5 * time.Minute

// DefaultCacheSize is how many verified tokens a [Verifier] keeps.
const DefaultCacheSize = 16 << 10

// maxCacheSize bounds [Config.CacheSize]: an empty cache of this size takes 1 GiB.
const maxCacheSize = 64 << 20

// Config decides which tokens are good. Issuer, Audience and Keys are required.
type Config struct {
	// Issuer is compared with "iss", byte for byte. With keys of [DiscoverKeys] it
	// may be left empty: it is then the issuer that they were found by.
	Issuer string
	// Audience is the name of the API. "aud" must be or contain it, byte for byte.
	Audience string
	// Keys are the issuer's.
	Keys KeySource
	// Leeway is how far the clocks of issuer and API may differ: "exp" and "nbf"
	// are extended by it. Zero stands for [bearergate.DefaultLeeway], a negative
	// value for none, and more than [MaxLeeway] is an error.
	Leeway time.Duration
	// CacheSize is how many verified tokens are kept, so that their signatures
	// need not be checked again. Zero stands for [DefaultCacheSize], a negative
	// value for none, and more than 64 Mi is an error.
	//
	// The cache keeps that a signature was good, and the claims. Expiry, "nbf" and
	// keys are checked at every use, and a token is found by the SHA-256 of all of
	// it. A full default cache of tokens of 0.9 KiB takes about 15 MiB; of tokens
	// of any length, at most 8 KiB for each place. Tokens over some 30 KiB are not
	// kept. Give two places for each token that is in use at a time: if there are
	// more tokens than places, those that are used again stay before those that
	// are not.
	CacheSize int
	// RequireTypeATJWT refuses tokens whose header does not have "typ":"at+jwt"
	// (RFC 9068 section 2.1). Without it, tokens without "typ" and with "JWT" are
	// accepted too.
	RequireTypeATJWT bool
	// ClaimNames are the names of claims that are not registered.
	ClaimNames ClaimNames
	// Logger receives a record for each key that is skipped, once, and when fetches
	// of keys begin to fail and to succeed. If nil, nothing is logged.
	Logger *slog.Logger
}

// Verifier is a [bearergate.Verifier] of JWTs. [New] returns one; a zero Verifier
// cannot tell whether a token is good. It is safe for concurrent use.
type Verifier struct {
	marked
	front
	keys      KeySource
	policy    policy
	requires  func(typ string) bool
	cacheSize int // 0: no cache
}

type marked = b64token.Marked[Verifier]

// New returns a Verifier. The error names every fault of the configuration. It
// fetches nothing.
func New(c Config) (*Verifier, error) {
	if c.Keys != nil && c.Issuer == "" {
		c.Issuer = c.Keys.issuer()
	}
	if err := c.check(); err != nil {
		return nil, err
	}
	v := &Verifier{keys: c.Keys, policy: newPolicy(c), requires: isAccessTokenType, cacheSize: c.cacheSize()}
	if c.RequireTypeATJWT {
		v.requires = isATJWT
	}
	v.cache, v.choose = newCache(v.cacheSize), func(string) (*Verifier, error) { return v, nil }
	b64token.Mark(&v.marked, v) // compact JWS has no other characters
	if c.Logger != nil {
		c.Keys.reportTo(reporter{c.Logger, c.Issuer})
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
		fault("Config.Keys is nil; see DiscoverKeys")
	} else if issuer := c.Keys.issuer(); issuer != "" && issuer != c.Issuer {
		fault("Config.Issuer is %q, and Config.Keys are those of %q", c.Issuer, issuer)
	}
	if c.Leeway > MaxLeeway {
		fault("Config.Leeway is %v; at most %v is allowed", c.Leeway, MaxLeeway)
	}
	if c.CacheSize > maxCacheSize {
		fault("Config.CacheSize is %d; at most %d is allowed", c.CacheSize, maxCacheSize)
	}
	faults = append(faults, c.ClaimNames.check()...)
	return errors.Join(faults...)
}

func (c Config) cacheSize() int {
	if c.CacheSize == 0 {
		return DefaultCacheSize
	}
	return max(c.CacheSize, 0)
}

// errUnmade is no refusal: nothing can be said about a token.
var errUnmade = errors.New("jwtverifier: a Verifier that New did not return; look at New's error")

// VerifyToken implements [bearergate.Verifier]. The token that it returns may be
// bound to a key, which it does not ask its sender to prove: see
// [bearergate.Token.Confirmation].
func (v *Verifier) VerifyToken(ctx context.Context, raw string) (*bearergate.Token, error) {
	if !v.made() {
		return nil, errUnmade
	}
	return v.front.VerifyToken(ctx, raw)
}

func (v *Verifier) made() bool { return v != nil && v.choose != nil }

// verify checks a token of the verifier's issuer. It reads the claims into r.
func (v *Verifier) verify(ctx context.Context, signed *jose.Signed, payload string, r *reading) (*entry, error) {
	if !v.requires(signed.Type) {
		return nil, invalid(errType)
	}
	keys, err := v.keys.verify(ctx, signed)
	if err != nil {
		return nil, err
	}
	if err := v.policy.claims(r, payload, time.Now()); err != nil {
		return nil, invalid(err)
	}
	r.Raw = payload
	return &entry{
		token: bearergate.NewToken(r.Claims), source: v.keys, keys: keys,
		lifetime: r.lifetime, leeway: v.policy.leeway, cost: entryCost(&r.Claims),
	}, nil
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
