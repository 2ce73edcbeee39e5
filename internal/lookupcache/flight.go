package lookupcache

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"
)

// flight is a look-up in progress. All callers that need its answer wait for it.
type flight[V any] struct {
	began  time.Duration
	ctx    context.Context // ends at the timeout, and when the look-up is done
	cancel context.CancelFunc
	done   chan struct{}
	value  V // after done
	err    error
}

// join returns the answer that is kept for a key by now, or a look-up that may be
// waited for.
func (c *Cache[K, V]) join(ctx context.Context, k K) (*entry[V], *flight[V]) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e := c.usable(k); e != nil {
		return e, nil
	}
	now := c.now()
	if f := c.flights[k]; f != nil && c.joinable(f, now) {
		return nil, f
	}
	f := &flight[V]{began: now, done: make(chan struct{})}
	f.ctx, f.cancel = context.WithTimeout(context.WithoutCancel(ctx), c.config.Timeout)
	c.flights[k] = f
	go c.run(k, f)
	return nil, f
}

// joinable reports whether a look-up in progress answers a caller that comes now. One
// that ignores its timeout goes on, but has no answer.
func (c *Cache[K, V]) joinable(f *flight[V], now time.Duration) bool {
	return now-f.began < min(c.config.MaxShared, c.config.Timeout)
}

var errNoAnswer = errors.New("the look-up ended without an answer")

func (c *Cache[K, V]) run(k K, f *flight[V]) {
	defer func() {
		if r := recover(); r != nil {
			f.err = fmt.Errorf("the look-up panicked: %v", r)
		}
		c.land(k, f)
		close(f.done)
		f.cancel()
	}()
	f.err = errNoAnswer // if Lookup calls runtime.Goexit
	f.value, f.err = c.config.Lookup(f.ctx, k)
}

// land keeps the answer of a flight, unless the key was forgotten meanwhile, or a
// later flight began.
func (c *Cache[K, V]) land(k K, f *flight[V]) {
	answer := c.answer(k, f)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.flights[k] != f {
		return
	}
	delete(c.flights, k)
	delete(c.entries, k)
	if answer != nil {
		c.keep(k, answer)
	}
}

// answer returns the entry for the answer of a flight, nil if it is an error.
func (c *Cache[K, V]) answer(k K, f *flight[V]) *entry[V] {
	if f.err != nil {
		return nil
	}
	age := c.config.Age(k, f.value)
	e := &entry[V]{value: f.value, until: f.began + min(age, math.MaxInt64-f.began)}
	if c.config.Groups != nil {
		e.groups = c.config.Groups(f.value)
	}
	return e
}

// wait returns the answer of the flight. It does not wait beyond the end of ctx, nor
// beyond the timeout, even if the look-up does.
func (f *flight[V]) wait(ctx context.Context) (none V, err error) {
	select {
	case <-f.done:
		return f.value, f.err
	case <-ctx.Done():
		return none, ctx.Err()
	case <-f.ctx.Done():
	}
	select {
	case <-f.done:
		return f.value, f.err
	default:
		return none, f.ctx.Err()
	}
}
