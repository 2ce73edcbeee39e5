package bearergate

import (
	"context"
	"crypto/sha256"
	"errors"
	"strings"
	"time"

	"github.com/bearergate/bearergate/internal/lookupcache"
	"github.com/bearergate/bearergate/internal/tokenid"
)

// CachedLookup is an [OpaqueLookup] in front of another one. It keeps the claims that
// it found, by the SHA-256 of their token, so that most requests need no query.
// [NewCachedLookup] returns one. It is safe for concurrent use.
//
// Claims come from a query that began less than [CacheConfig.MaxAge] before the request,
// and are not kept beyond the expiry of the token plus [DefaultLeeway]. So a token that another process
// ended can pass until then, unless [CachedLookup.Forget] is called. Behind
// [RequireGrant], a token of a revoked grant is refused whether its claims are kept or
// not. All else is as [CachedGrants] says: only claims are kept, requests share
// queries, and a lookup that fails is not covered up.
type CachedLookup struct {
	cache *lookupcache.Cache[[sha256.Size]byte, Claims]
}

// NewCachedLookup returns a cache in front of the lookup. It returns an error if the
// lookup is nil or a setting is negative.
func NewCachedLookup(lookup OpaqueLookup, c CacheConfig) (*CachedLookup, error) {
	if lookup == nil {
		return nil, errors.New("bearergate: NewCachedLookup was given a nil OpaqueLookup; pass the lookup that it caches")
	}
	c.setDefaults()
	if err := c.check(); err != nil {
		return nil, err
	}
	age := func(_ [sha256.Size]byte, claims Claims) time.Duration { return ageOfClaims(claims, c.MaxAge) }
	return &CachedLookup{newCache(c, lookup, age, groupsOf)}, nil
}

func ageOfClaims(c Claims, maxAge time.Duration) time.Duration {
	if !decided(c) {
		return 0
	}
	return min(maxAge, time.Until(c.ExpiresAt.Add(DefaultLeeway)))
}

// Lookup is an [OpaqueLookup]. The caller must not change the claims; [NewToken] copies
// them.
func (c *CachedLookup) Lookup(ctx context.Context, sum [sha256.Size]byte) (Claims, error) {
	return c.cache.Get(ctx, sum)
}

// Forget drops the claims of the tokens that were issued for the grant with this id, or
// for the family of refresh tokens with this id. Call it after these tokens were
// revoked in the store: every request that begins later receives what the store has
// then.
func (c *CachedLookup) Forget(id string) { c.cache.ForgetGroup(id) }

// groupsOf returns the ids for which Forget drops the claims.
func groupsOf(c Claims) []string {
	family, _, _ := strings.Cut(c.ID, tokenid.Separator)
	return []string{c.GrantID, family}
}

// ForgetAll does what [CachedGrants.ForgetAll] does.
func (c *CachedLookup) ForgetAll() { c.cache.ForgetAll() }

// Alive does what [CachedGrants.Alive] does.
func (c *CachedLookup) Alive(at time.Time) { c.cache.Alive(at) }
