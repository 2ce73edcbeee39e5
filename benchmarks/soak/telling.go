package main

import (
	"math/rand/v2"
	"sync"
	"time"

	"github.com/bearergate/bearergate"
)

// If nobody reports a change to the cache, it may go unnoticed for cacheAge, and for
// revokedAge if the grant was revoked before. Rules: S4.31, S4.37.
const (
	cacheAge   = bearergate.DefaultCacheMaxAge
	revokedAge = 10 * cacheAge
)

func ageOf(g *bearergate.Grant) time.Duration {
	if g != nil && !g.RevokedAt.IsZero() {
		return revokedAge
	}
	return cacheAge
}

// mostly returns a teller that reports most changes to the cache, at once. It leaves out
// the others, as another process would. Rules: S4.31, S4.34.
func mostly(forget func(id string), random *rand.Rand) teller {
	return func(h *history[*bearergate.Grant], id string, before *bearergate.Grant) {
		if random.IntN(4) == 0 {
			h.settle(time.Now().Add(ageOf(before)))
			return
		}
		forget(id)
		h.settle(time.Now())
	}
}

// channel passes changes on to a cache some time later, and is cut now and then. Then it
// sends no proof of life either. Rules: S4.35.
type channel struct {
	cache *bearergate.CachedGrants

	mu      sync.Mutex
	waiting []message
}

type message struct {
	history *history[*bearergate.Grant]
	id      string
}

// maxSilence is how long kept grants are used without a proof that the channel works.
const maxSilence = time.Second

func (c *channel) tell(h *history[*bearergate.Grant], id string, _ *bearergate.Grant) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.waiting = append(c.waiting, message{h, id})
	h.settle(time.Now().Add(maxSilence))
}

// deliver passes on what waits, and then the proof of life. After a cut the cache drops
// everything.
func (c *channel) deliver(afterCut bool) {
	c.mu.Lock()
	proof, messages := time.Now(), c.waiting
	c.waiting = nil
	c.mu.Unlock()
	if afterCut {
		c.cache.ForgetAll()
	}
	for _, m := range messages {
		c.cache.Forget(m.id)
		m.history.settle(time.Now())
	}
	c.cache.Alive(proof)
}

// run delivers until done is closed. One time of 60 the channel is cut for a while.
func (c *channel) run(every time.Duration, done <-chan struct{}, random *rand.Rand) {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for cut, wasCut := 0, false; ; {
		select {
		case <-done:
			return
		case <-ticker.C:
		}
		switch {
		case cut > 0:
			cut--
			wasCut = true
		case random.IntN(60) == 0:
			cut = 20
		default:
			c.deliver(wasCut)
			wasCut = false
		}
	}
}
