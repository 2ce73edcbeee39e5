package bearergate

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/bearergate/bearergate/internal/lookupcache"
)

// The defaults of [CacheConfig].
const (
	DefaultCacheMaxAge     = 5 * time.Second
	DefaultCacheMaxEntries = 1 << 16
)

// CacheConfig is the settings of [CachedGrants] and [CachedLookup]. The zero value is
// ready to use.
type CacheConfig struct {
	// MaxAge is how old an answer may become. It bounds how long a revocation that
	// the cache is not told of goes unnoticed. If zero, [DefaultCacheMaxAge] is used.
	MaxAge time.Duration
	// MaxSilence, if set, is for caches that are told of revocations by other
	// processes: kept answers are used only if the last proof that the channel works
	// is younger. The channel passes revocations to Forget and its proofs to Alive,
	// both methods of the cache. Until the first proof, no kept answer is used.
	MaxSilence time.Duration
	// MaxEntries is how many answers are kept. An answer in steady use stays longer
	// than others. If zero, [DefaultCacheMaxEntries] is used.
	MaxEntries int
}

// lookupTimeout bounds a look-up of a cache. It does not end with the request that
// began it, since other requests may wait for it.
const lookupTimeout = 5 * time.Second

func (c *CacheConfig) setDefaults() {
	c.MaxAge = cmp.Or(c.MaxAge, DefaultCacheMaxAge)
	c.MaxEntries = cmp.Or(c.MaxEntries, DefaultCacheMaxEntries)
}

func (c *CacheConfig) check() error {
	var faults []error
	fault := func(format string, args ...any) {
		faults = append(faults, fmt.Errorf("bearergate: CacheConfig."+format, args...))
	}
	if c.MaxAge < 0 {
		fault("MaxAge is %v; use a positive duration, or 0 for %v", c.MaxAge, DefaultCacheMaxAge)
	}
	if c.MaxSilence < 0 {
		fault("MaxSilence is %v; use a positive duration, or 0 if no channel tells the cache of revocations", c.MaxSilence)
	}
	if c.MaxEntries < 0 {
		fault("MaxEntries is %d; use a positive number, or 0 for %d", c.MaxEntries, DefaultCacheMaxEntries)
	}
	return errors.Join(faults...)
}

// maxShared returns how long after its beginning a look-up may be joined: its answer
// is then no older than a kept one.
func (c *CacheConfig) maxShared() time.Duration {
	if c.MaxSilence == 0 {
		return c.MaxAge
	}
	return min(c.MaxAge, c.MaxSilence)
}

// newCache returns a cache with these settings, which are good.
func newCache[K comparable, V any](c CacheConfig, lookup func(ctx context.Context, k K) (V, error), age func(K, V) time.Duration, groups func(V) []string) *lookupcache.Cache[K, V] {
	return lookupcache.New(lookupcache.Config[K, V]{
		Lookup: lookup, Age: age, Groups: groups,
		MaxShared: c.maxShared(), MaxSilence: c.MaxSilence, MaxEntries: c.MaxEntries,
		Timeout: lookupTimeout,
	})
}
