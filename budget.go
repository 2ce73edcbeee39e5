package bearergate

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/sethvargo/go-limiter"
)

// budget is a limiter store with a deadline and, where one was composed in, a
// fallback.
type budget struct {
	name     string
	store    limiter.Store
	fallback limiter.Store
	window   time.Duration
	timeout  time.Duration
	overdue  atomic.Int64
}

// maxOverdue bounds the goroutines that wait for a store that ignores its
// context.
const maxOverdue = 256

var (
	errStoreLate    = errors.New("bearergate: the limiter store did not answer in time")
	errStoreHanging = errors.New("bearergate: the limiter store answers no more")
)

// spend takes one request from the key's budget and sets the fields that tell
// what is left of it.
func (b *budget) spend(w http.ResponseWriter, r *http.Request, key string) error {
	q, store, err := b.ask(r, key, take)
	if err != nil {
		return err
	}
	q.setFields(w.Header(), b.name, b.windowOf(store))
	switch {
	case q.ok:
		return nil
	case q.limit == 0:
		return errNoBudget
	}
	return &Error{Code: CodeRateLimited, RetryAfter: q.reset}
}

// usedUp reports whether nothing was left of the key's budget when it was last
// taken from.
func (b *budget) usedUp(r *http.Request, key string) (bool, error) {
	q, _, err := b.ask(r, key, peek)
	return q.limit > 0 && q.remaining == 0, err
}

func (b *budget) windowOf(store limiter.Store) time.Duration {
	if m, ok := store.(*memoryBudget); ok {
		return m.window
	}
	return b.window
}

type question func(ctx context.Context, store limiter.Store, key string) (quota, error)

func take(ctx context.Context, store limiter.Store, key string) (quota, error) {
	limit, remaining, reset, ok, err := store.Take(ctx, key)
	if err != nil {
		return quota{}, fmt.Errorf("bearergate: limiter store: %w", err)
	}
	at := time.Unix(0, int64(min(reset, math.MaxInt64)))
	return quota{limit, remaining, time.Until(at), ok}, nil
}

func peek(ctx context.Context, store limiter.Store, key string) (quota, error) {
	limit, remaining, err := store.Get(ctx, key)
	if err != nil {
		return quota{}, fmt.Errorf("bearergate: limiter store: %w", err)
	}
	return quota{limit: limit, remaining: remaining}, nil
}

// ask returns the store that answered, too.
func (b *budget) ask(r *http.Request, key string, q question) (quota, limiter.Store, error) {
	answer, err := b.askInTime(r.Context(), b.store, key, q)
	if err == nil || b.fallback == nil {
		return answer, b.store, err
	}
	stateFrom(r.Context()).record.degraded(r)
	answer, err = b.askInTime(r.Context(), b.fallback, key, q)
	return answer, b.fallback, err
}

// askInTime asks a store in memory directly, and any other on a goroutine, so
// that the deadline holds for one that ignores its context too. A client that
// leaves does not end the call: what it costs the store stays bounded by the
// deadline, and only a late store counts as overdue.
func (b *budget) askInTime(ctx context.Context, store limiter.Store, key string, q question) (quota, error) {
	if _, ok := store.(*memoryBudget); ok {
		return q(ctx, store, key)
	}
	if b.overdue.Load() >= maxOverdue {
		return quota{}, errStoreHanging
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), b.timeout)
	defer cancel()
	call := &storeCall{done: make(chan struct{})}
	go call.run(b, func() (quota, error) { return q(ctx, store, key) })
	select {
	case <-call.done:
		return call.quota, call.err
	case <-ctx.Done():
		if call.settled.CompareAndSwap(false, true) {
			b.overdue.Add(1)
		}
		return quota{}, errStoreLate
	}
}

// storeCall is one question to a store, settled by whichever comes first: the
// answer or the deadline.
type storeCall struct {
	settled atomic.Bool
	done    chan struct{}
	quota   quota
	err     error
}

func (c *storeCall) run(b *budget, ask func() (quota, error)) {
	defer func() {
		if p := recover(); p != nil {
			c.err = fmt.Errorf("bearergate: the limiter store panicked: %v", p)
		}
		close(c.done)
		if !c.settled.CompareAndSwap(false, true) {
			b.overdue.Add(-1)
		}
	}()
	c.quota, c.err = ask()
}
