package jwtverifier

import (
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/internal/scopetoken"
)

// MaxLeeway bounds [Config.Leeway].
const MaxLeeway = 5 * time.Minute

// DefaultCacheSize is how many verified tokens a [Verifier] keeps.
const DefaultCacheSize = 16 << 10

// maxCacheSize bounds [Config.CacheSize]: an empty cache of this size takes 2 GiB.
const maxCacheSize = 64 << 20

// Config decides which tokens are good. Issuer and Audience are required, and enough
// for most identity providers. The other settings are for what a provider does in a
// way of its own; [Verifier.Explain] names the setting that a refused token needs.
type Config struct {
	// Issuer is compared with "iss", byte for byte, a trailing slash included. With
	// keys of [DiscoverKeys] it may be left empty: it is then the issuer that they
	// were found by.
	Issuer string
	// Audience is the name of the API. "aud" must be or contain it, byte for byte.
	Audience string
	// AdditionalAudiences are further names of the API. "aud" must contain one of
	// all names.
	AdditionalAudiences []string
	// AudienceClaim is for a provider that sends no "aud": the claim that must be or
	// contain an audience in its place, such as {"client_id"} of Cognito. If a token
	// has an "aud" all the same, that must contain an audience too.
	AudienceClaim ClaimPath
	// Keys are the issuer's. If nil, they are those of [DiscoverKeys] for Issuer.
	Keys KeySource

	// Algorithms are the values of the header's "alg" that are accepted, such as
	// {"RS256"}: those that the issuer signs with. If empty, all that are supported
	// are accepted. Secrets and public keys cannot be mixed.
	//
	// A token with another algorithm is refused before its signature is checked. So
	// if the issuer also publishes keys that it does not sign with, nobody can make
	// forged tokens costly by them: a check by ES384 takes 20 times as long as by
	// RS256 with 2048 bits, and by ES512 95 times.
	Algorithms []string
	// MaxRSABits is the length of the longest RSA key that is accepted, from 2048 to
	// 8192. Zero stands for 8192: with such a key, a check takes 40 times as long as
	// with 2048 bits. Longer keys are skipped and reported like unusable ones, but
	// [KeySource.Status] counts them.
	MaxRSABits int

	// ScopeClaims are claims of scopes beside "scope", "scopes" and "scp", such as
	// {"permissions"} or {"realm_access", "roles"}. A token holds the scopes of all
	// of them. Each is a string of space-delimited scopes, or an array of strings; an
	// element that is not a scope (RFC 6749 section 3.3) is left out.
	ScopeClaims []ClaimPath
	// ScopeHierarchy has the scopes that a scope implies. A token that holds a key
	// holds its values too, and what these imply. Nothing else is implied.
	ScopeHierarchy map[string][]string
	// ClaimNames are the claims of facts that are not registered.
	ClaimNames ClaimNames
	// TokenTypes is the meaning of values of the "type" claim other than "access"
	// and "installation". A token with a value that is not in it is refused, since
	// some servers sign refresh tokens with the same key.
	TokenTypes map[string]bearergate.TokenType

	// RequiredClaims are claims and the value that each must have, such as
	// token_use: access. A claim that is a number or a boolean is compared as it is
	// written. A token without the claim is refused.
	RequiredClaims map[string]string
	// SubjectOptional accepts tokens without "sub": those that some providers issue
	// to machines. An empty one is refused all the same.
	SubjectOptional bool
	// HeaderTypes are values of the header's "typ" that are accepted beside none,
	// JWT and at+jwt. They are compared without case, and "application/" may be left
	// out.
	HeaderTypes []string
	// RequireTypeATJWT refuses tokens whose header has neither "typ":"at+jwt" (RFC
	// 9068 section 2.1) nor a type of HeaderTypes.
	RequireTypeATJWT bool

	// Leeway is how far the clocks of issuer and API may differ: "exp" and "nbf"
	// are extended by it. Zero stands for [bearergate.DefaultLeeway], a negative
	// value for none, and more than [MaxLeeway] is an error.
	Leeway time.Duration
	// CacheSize is how many verified tokens are kept, so that their signatures
	// need not be checked again. Zero stands for [DefaultCacheSize], a negative
	// value for none, and more than 64 Mi is an error.
	//
	// The cache keeps that a signature was good, and the claims. Expiry, "nbf" and
	// keys are checked at every use, and a token is found by a keyed hash or the
	// SHA-256 of all of it. A full default cache takes about 18 MiB if its tokens
	// are signed with RS256 and have 0.9 KiB, and 21 MiB with HS256, whose signatures
	// leave more of that for claims; tokens of any length take at most 8 KiB for each
	// place. Tokens over some 30 KiB are not kept. Give two places for each token that
	// is in use at a time, and four if many other tokens are used once: with ten of
	// those for each use, 99 of 100 uses find their token in the cache, and with two
	// places 95. If there are more tokens than places, those that are used again stay
	// before those that are not.
	CacheSize int
	// Logger receives a record for each key that is skipped or costly, once, and when
	// fetches of keys begin to fail and to succeed. A key is costly if a check takes
	// more than ten times as long as with RSA of 2048 bits. If nil, slog.Default
	// receives the records, at a bounded rate; a logger that discards turns them off.
	Logger *slog.Logger
}

// complete sets what one setting says of another.
func (c *Config) complete() (faults []error) {
	switch {
	case c.Keys != nil && c.Issuer == "":
		c.Issuer = c.Keys.issuer()
	case c.Keys == nil && c.Issuer != "":
		keys, err := DiscoverKeys(c.Issuer)
		if err != nil {
			return []error{fmt.Errorf("jwtverifier: Config.Keys is nil, and the keys of Config.Issuer cannot be discovered: %w", err)}
		}
		c.Keys = keys
	case c.Keys == nil:
		return []error{errors.New("jwtverifier: Config.Keys is nil; set Config.Issuer to discover them, or see RemoteKeys and StaticKeys")}
	}
	return nil
}

func (c *Config) check() (faults []error) {
	faults = append(c.checkNames(), c.checkTypes()...)
	if c.Leeway > MaxLeeway {
		faults = append(faults, faultf("Leeway is %v; at most %v is allowed", c.Leeway, MaxLeeway))
	}
	if c.CacheSize > maxCacheSize {
		faults = append(faults, faultf("CacheSize is %d; at most %d is allowed", c.CacheSize, maxCacheSize))
	}
	faults = append(faults, c.checkKeyLimits()...)
	faults = append(faults, c.checkHierarchy()...)
	return append(faults, c.checkClaims()...)
}

func faultf(format string, args ...any) error {
	return fmt.Errorf("jwtverifier: Config."+format, args...)
}

// checkNames checks the names of issuer and API.
func (c *Config) checkNames() (faults []error) {
	if c.Issuer == "" {
		faults = append(faults, faultf("Issuer is empty; set it to the \"iss\" of the tokens"))
	}
	if c.Audience == "" {
		faults = append(faults, faultf("Audience is empty; set it to what the \"aud\" of the tokens calls this API"))
	}
	if slices.Contains(c.AdditionalAudiences, "") {
		faults = append(faults, faultf("AdditionalAudiences has an empty one; leave it out"))
	}
	if c.Keys != nil && c.Keys.issuer() != "" && c.Keys.issuer() != c.Issuer {
		faults = append(faults, faultf("Issuer is %q, and Config.Keys are those of %q", c.Issuer, c.Keys.issuer()))
	}
	return faults
}

// checkTypes checks the types of header and claims.
func (c *Config) checkTypes() (faults []error) {
	if slices.Contains(c.HeaderTypes, "") {
		faults = append(faults, faultf("HeaderTypes has an empty one; leave it out, tokens without \"typ\" are accepted"))
	}
	for value, t := range c.TokenTypes {
		switch {
		case value == string(bearergate.AccessToken), value == string(bearergate.InstallationToken):
			faults = append(faults, faultf("TokenTypes has %q, whose meaning is fixed; leave it out", value))
		case t != bearergate.AccessToken && t != bearergate.InstallationToken:
			faults = append(faults, faultf("TokenTypes has the type %q for %q; use bearergate.AccessToken or bearergate.InstallationToken", string(t), value))
		}
	}
	return faults
}

func (c *Config) checkHierarchy() (faults []error) {
	for scope, implied := range c.ScopeHierarchy {
		for _, s := range append([]string{scope}, implied...) {
			if !scopetoken.Valid(s) {
				faults = append(faults, faultf("ScopeHierarchy has the scope %q; a scope is printable ASCII without space, quote and backslash, and not empty", s))
			}
		}
	}
	return faults
}

func (c *Config) checkClaims() (faults []error) {
	faults = c.ClaimNames.check()
	for _, path := range c.ScopeClaims {
		if len(path) == 0 {
			faults = append(faults, errors.New("jwtverifier: Config.ScopeClaims has an empty path; leave it out"))
		}
	}
	for _, s := range registered() {
		if c.AudienceClaim.equal(s.name) {
			faults = append(faults, fmt.Errorf("jwtverifier: Config.AudienceClaim is %q, which has a meaning of its own; leave it out", s.name))
		}
		if s.fact != factScope && slices.ContainsFunc(c.ScopeClaims, func(p ClaimPath) bool { return p.equal(s.name) }) {
			faults = append(faults, fmt.Errorf("jwtverifier: Config.ScopeClaims has %q, which has a meaning of its own; leave it out", s.name))
		}
	}
	for name := range c.RequiredClaims {
		if name == "" {
			faults = append(faults, errors.New("jwtverifier: Config.RequiredClaims has a claim without a name"))
		}
	}
	if len(faults) > 0 {
		return faults
	}
	return newClaimTree(c).check(nil)
}

func (c *Config) leeway() time.Duration {
	if c.Leeway == 0 {
		return bearergate.DefaultLeeway
	}
	return max(c.Leeway, 0)
}

func (c *Config) cacheSize() int {
	if c.CacheSize == 0 {
		return DefaultCacheSize
	}
	return max(c.CacheSize, 0)
}

// headerTypes are the accepted values of "typ", "" for none.
func (c *Config) headerTypes() []string {
	const media = "application/"
	types := []string{"at+jwt", media + "at+jwt"}
	if !c.RequireTypeATJWT {
		types = append(types, "", "JWT")
	}
	for _, typ := range c.HeaderTypes {
		if len(typ) > len(media) && strings.EqualFold(typ[:len(media)], media) {
			typ = typ[len(media):]
		}
		types = append(types, typ, media+typ)
	}
	return types
}

func (c *Config) tokenTypes() map[string]bearergate.TokenType {
	types := map[string]bearergate.TokenType{
		string(bearergate.AccessToken):       bearergate.AccessToken,
		string(bearergate.InstallationToken): bearergate.InstallationToken,
	}
	maps.Copy(types, c.TokenTypes)
	return types
}
