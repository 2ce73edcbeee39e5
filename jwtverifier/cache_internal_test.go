package jwtverifier

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/jwtverifier/internal/jose"
)

// These rules cannot be seen through VerifyToken without tokens whose hashes begin
// alike, or by memory and chance alone.

// oneBucket returns a cache in which all tokens share a bucket, and what makes
// entries for it.
func oneBucket(t *testing.T) (*cache, func(id byte, cost int) *entry) {
	keys, err := SharedSecret(make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	set := keys.(*staticKeys).set
	return newCache(ways), func(id byte, cost int) *entry {
		return &entry{
			id: tokenHash{8: id, 9: 1}, token: new(bearergate.Token), source: keys, keys: set,
			until: time.Unix(math.MaxInt32, 0), cost: cost,
		}
	}
}

var now = time.Unix(1_800_000_000, 0)

func TestTokensWhoseHashesBeginAlikeAreTwo(t *testing.T) {
	c, newEntry := oneBucket(t)
	one, other := newEntry(1, 1), newEntry(1, 1)
	other.id[31] = 1
	c.put(one, now)
	if got := c.get(&other.id, now); got != nil {
		t.Errorf("got %v for another token, want none", got)
	}
	c.put(other, now)
	for _, e := range []*entry{one, other} {
		if c.get(&e.id, now) != e.token {
			t.Errorf("got %v, want %v", c.get(&e.id, now), e.token)
		}
	}
}

func TestTokenIsKeptOnce(t *testing.T) {
	c, entry := oneBucket(t)
	var others []tokenHash
	for id := range byte(ways - 1) {
		e := entry(id, 1)
		c.put(e, now)
		others = append(others, e.id)
	}
	for range ways {
		c.put(entry(100, 1), now)
	}
	for _, id := range others {
		if c.get(&id, now) == nil {
			t.Errorf("got no token for %x, want that of its own place", id[8])
		}
	}
}

func TestTokenVerifiedAgainIsAsUsefulAsItWas(t *testing.T) {
	c, entry := oneBucket(t)
	hot := entry(100, 1)
	c.put(hot, now)
	for range maxUses {
		c.get(&hot.id, now)
	}
	newKeys := entry(100, 1)
	newKeys.keys = new(jose.KeySet)
	newKeys.source = &staticKeys{set: newKeys.keys}
	c.put(newKeys, now)
	for id := range byte(ways) {
		c.put(entry(id, 1), now)
	}
	if c.get(&hot.id, now) != newKeys.token {
		t.Error("got no token for one in use, want it not pushed out by those that came once")
	}
}

func TestWhatIsNoLongerGoodGivesWay(t *testing.T) {
	c, entry := oneBucket(t)
	for id := range byte(ways) {
		e := entry(id, 1)
		e.until = time.Unix(now.Unix()+1, 0)
		c.put(e, now)
		for range maxUses {
			c.get(&e.id, now)
		}
	}
	next, later := entry(100, 1), now.Add(time.Second)
	c.put(next, later)
	if got := next.uses.Load(); got != 0 {
		t.Errorf("got %d uses of a new token, want none of the one before it", got)
	}
	if c.get(&next.id, later) == nil {
		t.Error("got no token, want it in the place of one that expired")
	}
	if got := kept(c); len(got) != 1 {
		t.Errorf("got %d tokens kept, want 1 as all others expired", len(got))
	}
}

// kept returns the tokens of the first bucket.
func kept(c *cache) (entries []*entry) {
	for i := range ways {
		if e := (*c.buckets.Load())[0].entries[i].Load(); e != nil {
			entries = append(entries, e)
		}
	}
	return entries
}

// TestOldestOfTheUnusedGiveWay puts tokens into a bucket that are not used again.
func TestOldestOfTheUnusedGiveWay(t *testing.T) {
	c, entry := oneBucket(t)
	for id := range 1000 {
		e := entry(byte(id), 1)
		e.id[9] += byte(id >> 8)
		c.put(e, now)
		got := kept(c)
		if want := min(id+1, ways); len(got) != want {
			t.Fatalf("after %d tokens: got %d kept, want %d", id+1, len(got), want)
		}
		for _, e := range got {
			if e.inserted+ways <= c.inserted {
				t.Fatalf("after %d tokens: got number %d kept, want the last %d", id+1, e.inserted, ways)
			}
		}
	}
}

// TestTokenThatComesAgainIsInUse puts a token into a bucket again.
func TestTokenThatComesAgainIsInUse(t *testing.T) {
	for between, want := range map[int]uint32{0: 1, ways: 1, 62: 1, 63: 0, 1000: 0} {
		c, entry := oneBucket(t)
		c.put(entry(0, 1), now)
		for other := range between {
			e := entry(byte(other), 1)
			e.id[9] += 1 + byte(other>>8)
			c.put(e, now)
		}
		again := entry(0, 1)
		c.put(again, now)
		if got := again.uses.Load(); got != want {
			t.Errorf("after %d others: got %d uses of a token that comes again, want %d", between, got, want)
		}
	}
}

// TestTokensInUseAreKeptInAFlood uses tokens, each once in a round and in random
// order, among ten times as many that come once. There are four places for each
// token in use.
//
// Rules: S3a.61.
func TestTokensInUseAreKeptInAFlood(t *testing.T) {
	const rounds, inUse, flood = 5, 600, 10
	for _, c := range []struct {
		name   string
		before int // uses of each before the flood
		warmUp int // rounds
		want   float64
	}{
		{"known before", maxUses, 0, 98.5},
		{"not known before", 0, 4, 90},
	} {
		f := newFlood(t, 4*inUse, inUse)
		for range c.before {
			f.round(0)
		}
		for range c.warmUp {
			f.round(flood)
		}
		got := 0.0
		for range rounds {
			got += f.round(flood) / rounds
		}
		if got < c.want {
			t.Errorf("%s: got %.1f %% hits in %d rounds, want %v", c.name, got, rounds, c.want)
		}
	}
}

// flood is a cache and the tokens in use.
type flood struct {
	*cache
	newEntry func(byte, int) *entry
	random   *rand.Rand
	inUse    []tokenHash
}

func newFlood(t *testing.T, places, inUse int) *flood {
	f := &flood{cache: newCache(places), random: rand.New(rand.NewPCG(1, 2))}
	_, f.newEntry = oneBucket(t)
	for range inUse {
		f.inUse = append(f.inUse, f.newHash())
	}
	return f
}

func (f *flood) newHash() (id tokenHash) {
	binary.LittleEndian.PutUint64(id[:], f.random.Uint64())
	binary.LittleEndian.PutUint64(id[8:], f.random.Uint64())
	return id
}

// round uses each token once, and after each so many others. It returns the share of
// hits in percent.
func (f *flood) round(others int) float64 {
	hits := 0
	for _, n := range f.random.Perm(len(f.inUse)) {
		if f.use(f.inUse[n]) {
			hits++
		}
		for range others {
			f.use(f.newHash())
		}
	}
	return 100 * float64(hits) / float64(len(f.inUse))
}

// use reports whether it was a hit.
func (f *flood) use(id tokenHash) bool {
	if f.get(&id, now) != nil {
		return true
	}
	e := f.newEntry(0, 1)
	e.id = id
	f.put(e, now)
	return false
}

// TestTokensInUseNoMoreGiveWay puts tokens that come once into a bucket of others.
func TestTokensInUseNoMoreGiveWay(t *testing.T) {
	c, entry := oneBucket(t)
	for id := range byte(ways) {
		e := entry(id, 1)
		c.put(e, now)
		for range 10_000 {
			c.get(&e.id, now)
		}
	}
	for id := range 5000 {
		e := entry(byte(id), 1)
		e.id[9] += 1 + byte(id>>8)
		c.put(e, now)
	}
	for _, e := range kept(c) {
		if e.id[9] == 1 {
			t.Errorf("got token %d kept, want it to have given way", e.id[8])
		}
	}
}

// Rules: S3a.63.
func TestBucketIsBoundedInBytes(t *testing.T) {
	c, entry := oneBucket(t)
	for id := range byte(4 * ways) {
		c.put(entry(id, maxBucketCost/3), now)
		cost := 0
		for _, e := range kept(c) {
			cost += e.cost
		}
		if cost > maxBucketCost {
			t.Fatalf("got %d bytes kept, want at most %d", cost, maxBucketCost)
		}
	}
	if got := len(kept(c)); got != 3 {
		t.Errorf("got %d tokens kept, want 3", got)
	}
	c.put(entry(100, maxBucketCost), now)
	if got := kept(c); len(got) != 1 || got[0].cost != maxBucketCost {
		t.Errorf("got %d tokens kept, want the last alone, which is as large as the bucket", len(got))
	}
}
