package jwtverifier

import (
	"encoding/binary"
	"math/bits"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/jwtverifier/internal/jose"
)

// ways is how many tokens share a bucket.
const ways = 8

// maxUses is how far the uses of a token are counted.
const maxUses = 3

// maxBucketCost bounds the bytes that a bucket keeps, and so those of a token.
const maxBucketCost = 64 << 10

// cache keeps tokens whose signature was good. It is a table of small buckets.
// Readers need no lock. A token can only push out those of its own bucket, first
// those that were not used again. A token that is not kept is remembered while 63
// others want a place in its bucket, and counts as in use if it comes again. So tokens that
// are in use get a place, and keep it, while many others come once.
type cache struct {
	length  uint64
	buckets atomic.Pointer[[]bucket] // nil before the first token

	mu       sync.Mutex // for writers
	inserted uint64
}

// bucket has the tags apart, so that a token is found with one cache line.
type bucket struct {
	tags    [ways]atomic.Uint64
	entries [ways]atomic.Pointer[entry]
	lately  lately // for writers
}

type entry struct {
	id          tokenHash
	token       *bearergate.Token
	source      KeySource
	keys        *jose.KeySet // of the source
	from, until time.Time    // of its lifetime, with the leeway
	uses        atomic.Uint32
	inserted    uint64 // its turn, for writers
	cost        int
}

// newCache returns a cache of at least this many entries, nil for none.
func newCache(entries int) *cache {
	if entries == 0 {
		return nil
	}
	return &cache{length: uint64((entries + ways - 1) / ways)}
}

func (c *cache) bucket(table []bucket, id *tokenHash) *bucket {
	i, _ := bits.Mul64(binary.LittleEndian.Uint64(id[:]), c.length)
	return &table[i]
}

func (id *tokenHash) tag() uint64 { return binary.LittleEndian.Uint64(id[8:]) }

// get returns the token, or nil if it must be verified.
func (c *cache) get(id *tokenHash, now time.Time) *bearergate.Token {
	table := c.buckets.Load()
	if table == nil {
		return nil
	}
	b, tag := c.bucket(*table, id), id.tag()
	for i := range ways {
		if b.tags[i].Load() != tag {
			continue
		}
		if e := b.entries[i].Load(); e != nil && e.id == *id && e.good(now) {
			e.used()
			return e.token
		}
	}
	return nil
}

// good reports whether the token would be verified again with the same result.
func (e *entry) good(now time.Time) bool {
	return now.Before(e.until) && !now.Before(e.from) && e.source.inForce(e.keys, now)
}

// used counts a use. A token in steady use is not written to.
func (e *entry) used() {
	if n := e.uses.Load(); n < maxUses {
		e.uses.CompareAndSwap(n, n+1)
	}
}

// forget undoes a use.
func (e *entry) forget() {
	if n := e.uses.Load(); n > 0 {
		e.uses.CompareAndSwap(n, n-1)
	}
}

// put keeps a token that was just verified, if there is room for it.
func (c *cache) put(e *entry, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	table := c.buckets.Load()
	if table == nil {
		buckets := make([]bucket, c.length)
		table = &buckets
		c.buckets.Store(table)
	}
	c.inserted++
	e.inserted = c.inserted
	b := c.bucket(*table, &e.id)
	again := b.lately.remember(&e.id)
	i := b.makeRoom(e, now)
	if again { // after makeRoom, which sets the uses of a token that was there
		e.used()
	}
	if i >= 0 {
		b.entries[i].Store(e)
		b.tags[i].Store(e.id.tag())
	}
}

// makeRoom returns a free place. It drops tokens that are no longer good, and then
// those that were not used again, oldest first. If all were, it returns a negative
// number, and the new token is not kept.
func (b *bucket) makeRoom(e *entry, now time.Time) int {
	free, cost := -1, e.cost
	for i := range ways {
		old := b.entries[i].Load()
		if old != nil && (old.id == e.id || !old.good(now)) {
			if old.id == e.id { // its keys changed: it is as useful as it was
				e.uses.Store(old.uses.Load())
			}
			b.entries[i].Store(nil)
			old = nil
		}
		if old == nil {
			free = i
			continue
		}
		cost += old.cost
	}
	for free < 0 || cost > maxBucketCost {
		i := b.leastUseful()
		if i < 0 {
			return -1
		}
		cost -= b.entries[i].Load().cost
		b.entries[i].Store(nil)
		free = i
	}
	return free
}

// leastUseful returns the place of the oldest token that was not used again, or a
// negative number if there is none. So that tokens which are no longer in use give
// way, about every sixteenth call, and each one that finds none, undoes a use of a
// random token.
func (b *bucket) leastUseful() int {
	found, oldest := -1, uint64(0)
	for i := range ways {
		e := b.entries[i].Load()
		if e != nil && e.uses.Load() == 0 && (found < 0 || e.inserted < oldest) {
			found, oldest = i, e.inserted
		}
	}
	if found < 0 || rand.IntN(16) == 0 {
		if e := b.entries[rand.IntN(ways)].Load(); e != nil {
			e.forget()
		}
	}
	return found
}

// entryCost returns an upper estimate of the bytes that a token keeps in memory:
// its claims, a copy of those strings that had escapes, and the index of its
// scopes.
func entryCost(claims *bearergate.Claims) int {
	const fixed, eachScope, eachProject = 768, 64, 32
	return fixed + 2*len(claims.Raw) + eachScope*len(claims.Scopes) + eachProject*len(claims.ProjectIDs)
}
