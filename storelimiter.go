package bearergate

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync/atomic"
	"time"

	"github.com/bearergate/bearergate/internal/typednil"
	"github.com/sethvargo/go-limiter"
)

// NewStoreLimiter returns a [Limiter] that uses a store of go-limiter. The window is the
// time for which the store's budgets last. If it is 0 or less, the RateLimit fields do
// not have it. It panics if the store is nil.
//
// Stores may ignore their context, so each call runs on a goroutine of its own. If the
// context ends first, the call fails and its goroutine is left behind. While 256 or
// more are left behind, every further call fails at once, and the store is not called.
// Calls in progress are not bounded: if a store hangs during 1,000 of them, 1,000
// goroutines are left behind.
func NewStoreLimiter(store limiter.Store, window time.Duration) Limiter {
	if typednil.Is(store) {
		panic("bearergate: NewStoreLimiter needs a limiter.Store; for budgets in memory use PerMinute")
	}
	return &storeLimiter{store: store, window: max(window, 0)}
}

type storeLimiter struct {
	store   limiter.Store
	window  time.Duration
	overdue atomic.Int64
}

// maxOverdue is how many calls may be left behind before the store is not called. Calls
// in progress do not count: that would refuse good clients of a store that is busy.
const maxOverdue = 256

var (
	errStoreLate    = errors.New("bearergate: the limiter store did not answer in time")
	errStoreHanging = errors.New("bearergate: the limiter store left 256 or more calls without an answer, and is not called")
	errStoreExited  = errors.New("bearergate: the limiter store ended its goroutine")
)

// Take implements [Limiter].
func (s *storeLimiter) Take(ctx context.Context, key string) (Quota, error) {
	if s.overdue.Load() >= maxOverdue {
		return Quota{}, errStoreHanging
	}
	call := &storeCall{done: make(chan struct{}), err: errStoreExited}
	go call.run(ctx, s, key)
	select {
	case <-call.done:
		return call.quota, call.err
	case <-ctx.Done():
		if call.settled.CompareAndSwap(false, true) {
			s.overdue.Add(1)
		}
		return Quota{}, errStoreLate
	}
}

// storeCall is one call of a store, settled by the answer or the deadline,
// whichever comes first.
type storeCall struct {
	settled atomic.Bool
	done    chan struct{}
	quota   Quota
	err     error
}

func (c *storeCall) run(ctx context.Context, s *storeLimiter, key string) {
	defer func() {
		if p := recover(); p != nil {
			c.err = fmt.Errorf("bearergate: the limiter store panicked: %v", p)
		}
		close(c.done)
		if !c.settled.CompareAndSwap(false, true) {
			s.overdue.Add(-1)
		}
	}()
	quota, err := takeFrom(ctx, s.store, key)
	quota.Window = s.window
	c.quota, c.err = quota, err
}

func takeFrom(ctx context.Context, store limiter.Store, key string) (Quota, error) {
	limit, remaining, reset, ok, err := store.Take(ctx, key)
	if err != nil {
		return Quota{}, fmt.Errorf("bearergate: limiter store: %w", err)
	}
	at := time.Unix(0, int64(min(reset, math.MaxInt64)))
	return Quota{Limit: limit, Remaining: remaining, Reset: at, Allowed: ok}, nil
}
