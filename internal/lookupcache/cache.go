// Package lookupcache keeps the answers of a look-up for a bounded time. Callers that
// look up one key at the same time share one look-up. An answer that was overtaken by
// an invalidation is never kept.
package lookupcache

import (
	"context"
	"math"
	"sync"
	"sync/atomic"
	"time"
)

// Config is the settings of a [Cache].
type Config[K comparable, V any] struct {
	// Lookup is what the cache stands in front of. Its errors are not kept.
	Lookup func(ctx context.Context, k K) (V, error)
	// Age returns how old an answer may become, 0 for one that is not kept. The age
	// counts from the beginning of its look-up.
	Age func(k K, v V) time.Duration
	// Groups returns the groups that an answer belongs to, for ForgetGroup. It may be nil.
	Groups func(v V) []string
	// MaxShared is how long after its beginning a look-up may be joined.
	MaxShared time.Duration
	// MaxSilence is how long after a proof of life kept answers are used. If 0, they
	// are used without.
	MaxSilence time.Duration
	// MaxEntries bounds the answers that are kept.
	MaxEntries int
	// Timeout bounds a look-up.
	Timeout time.Duration
}

// Cache is a cache in front of a look-up. It is safe for concurrent use.
type Cache[K comparable, V any] struct {
	config Config[K, V]
	born   time.Time    // the origin of all times of the cache
	proof  atomic.Int64 // the last time at which invalidations are known to have come

	mu      sync.RWMutex
	entries map[K]*entry[V]
	flights map[K]*flight[V] // those whose answers may be kept
	groups  forgottenGroups
}

type entry[V any] struct {
	value  V
	until  time.Duration
	groups []string
	turn   int64       // of forgottenGroups, when the entry was kept
	used   atomic.Bool // since the last time that room was made
}

// New returns an empty cache.
func New[K comparable, V any](c Config[K, V]) *Cache[K, V] {
	cache := &Cache[K, V]{config: c, born: time.Now(), entries: make(map[K]*entry[V]), flights: make(map[K]*flight[V])}
	cache.proof.Store(math.MinInt64 / 2)
	return cache
}

func (c *Cache[K, V]) now() time.Duration { return time.Since(c.born) }

// Get returns the answer for a key: a kept one, or that of a look-up. All callers
// receive the same value. Get returns when ctx ends, but the look-up goes on.
func (c *Cache[K, V]) Get(ctx context.Context, k K) (V, error) {
	if e := c.find(k); e != nil {
		return e.use(), nil
	}
	if err := ctx.Err(); err != nil {
		var none V
		return none, err
	}
	e, f := c.join(ctx, k)
	if e != nil {
		return e.use(), nil
	}
	return f.wait(ctx)
}

// find returns the entry of a key, nil if there is none that may be used.
func (c *Cache[K, V]) find(k K) *entry[V] {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.usable(k)
}

// usable is find for callers that hold the lock.
func (c *Cache[K, V]) usable(k K) *entry[V] {
	e := c.entries[k]
	if e == nil {
		return nil
	}
	now := c.now()
	if now >= e.until || !c.proven(now) || c.groups.have(e.groups, e.turn) {
		return nil
	}
	return e
}

func (e *entry[V]) use() V {
	if !e.used.Load() { // no write to an entry in steady use
		e.used.Store(true)
	}
	return e.value
}

// keep stores an answer, unless it is too old already.
func (c *Cache[K, V]) keep(k K, e *entry[V]) {
	now := c.now()
	if now >= e.until {
		return
	}
	if len(c.entries) >= c.config.MaxEntries {
		c.makeRoom(now)
	}
	e.turn = c.groups.turn
	c.entries[k] = e
}

// sample is how many entries are looked at to make room for one.
const sample = 16

// makeRoom removes one of some entries: one that is over, or else one that was not
// used since it was last looked at.
func (c *Cache[K, V]) makeRoom(now time.Duration) {
	var victim K
	left := sample
	for k, e := range c.entries {
		victim = k
		left--
		if left == 0 || now >= e.until || !e.used.Swap(false) {
			break
		}
	}
	delete(c.entries, victim)
}
