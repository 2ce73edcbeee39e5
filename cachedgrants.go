package bearergate

import (
	"context"
	"errors"
	"math"
	"time"

	"github.com/bearergate/bearergate/internal/lookupcache"
	"github.com/bearergate/bearergate/internal/typednil"
)

// CachedGrants is a [GrantStore] in front of another one. It keeps the grants that it
// found, so that most requests need no query. [NewCachedGrants] returns one. It is safe
// for concurrent use.
//
// An active grant comes from a query that began less than [CacheConfig.MaxAge] before
// the request. So a grant that another process revoked can pass until then, unless
// [CachedGrants.Forget] is called. A revoked grant is kept ten times as long, since
// revocation is final: an id must not be made active again.
//
// Only grants are kept: neither errors nor unknown ids are. If the store fails or
// panics, CachedGrants returns an error, whatever was kept before. Requests for one id
// share a query. Each request stops waiting when its context ends, but the query goes
// on. It has the values of the context of the request that began it, and ends after 5
// seconds.
type CachedGrants struct {
	cache *lookupcache.Cache[string, *Grant]
}

// NewCachedGrants returns a cache in front of the store. It returns an error if the
// store is nil or a setting is negative.
func NewCachedGrants(store GrantStore, c CacheConfig) (*CachedGrants, error) {
	if typednil.Is(store) {
		return nil, errors.New("bearergate: NewCachedGrants was given a nil GrantStore; pass the store that it caches")
	}
	c.setDefaults()
	if err := c.check(); err != nil {
		return nil, err
	}
	lookup := func(ctx context.Context, id string) (*Grant, error) {
		g, err := store.Grant(ctx, id)
		g = g.clone() // the store may go on to change what it returned
		return &g, err
	}
	age := func(id string, g *Grant) time.Duration { return ageOfGrant(id, g, c.MaxAge) }
	return &CachedGrants{newCache(c, lookup, age, nil)}, nil
}

// revokedAge is how many times longer a revoked grant is kept than an active one.
const revokedAge = 10

func ageOfGrant(id string, g *Grant, maxAge time.Duration) time.Duration {
	switch {
	case g.ID != id: // the guard refuses it
		return 0
	case g.RevokedAt.IsZero():
		return maxAge
	}
	return min(maxAge, math.MaxInt64/revokedAge) * revokedAge
}

// Grant implements [GrantStore].
func (c *CachedGrants) Grant(ctx context.Context, id string) (Grant, error) {
	g, err := c.cache.Get(ctx, id)
	if err != nil {
		return Grant{}, err
	}
	return g.clone(), nil
}

// Forget drops the grant with this id. Call it after the grant was put, changed or
// revoked in the store: every request that begins later receives the grant as it is
// then.
func (c *CachedGrants) Forget(id string) { c.cache.Forget(id) }

// ForgetAll drops all grants. Call it after an interruption of the channel that calls
// Forget, once it works again and before [CachedGrants.Alive].
func (c *CachedGrants) ForgetAll() { c.cache.ForgetAll() }

// Alive reports that the channel which calls Forget has delivered all revocations that
// were sent before this time. If the channel answers requests in order, this is the
// time at which a request was sent that was answered: see [CacheConfig.MaxSilence].
func (c *CachedGrants) Alive(at time.Time) { c.cache.Alive(at) }
