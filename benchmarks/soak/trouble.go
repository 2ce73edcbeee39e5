package main

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"
)

// trouble decides which calls of a store fail, and how long they take until then.
type trouble struct {
	failing, hanging float64         // parts of all calls
	longest          time.Duration   // that a call hangs
	over             <-chan struct{} // ends the calls that hang

	mu     sync.Mutex
	random *rand.Rand
}

// next returns 0 for a call that works.
func (t *trouble) next() time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch x := t.random.Float64(); {
	case x < t.hanging:
		return t.longest/4 + within(t.random, t.longest*3/4)
	case x < t.hanging+t.failing:
		return 1 + within(t.random, time.Millisecond)
	}
	return 0
}

// latency is how long a call takes that works.
func (t *trouble) latency() time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	return within(t.random, 4*time.Millisecond)
}

// wait returns after the time. A third of the calls heed their context.
func (t *trouble) wait(ctx context.Context, d time.Duration) {
	heeded := ctx.Done()
	if d%3 != 0 {
		heeded = nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-heeded:
	case <-t.over:
	}
}
