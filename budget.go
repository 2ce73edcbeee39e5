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
	store    *timedStore
	fallback *timedStore
	window   time.Duration
	timeout  time.Duration
	policy   atomic.Pointer[policyField]
}

// quota is a store's answer to a request.
type quota struct {
	limit     uint64
	remaining uint64
	reset     time.Time
	ok        bool
	window    time.Duration // 0: not known
}

// take takes one request from the key's budget and sets the fields that tell
// what is left of it.
func (b *budget) take(w http.ResponseWriter, r *http.Request, key string) (quota, error) {
	q, err := b.store.take(r.Context(), key, b.timeout)
	if err != nil && b.fallback != nil {
		stateFrom(r.Context()).record.degraded(r)
		q, err = b.fallback.take(r.Context(), key, b.timeout)
	}
	if err != nil {
		return quota{}, err
	}
	if q.window == 0 {
		q.window = b.window
	}
	b.setFields(w.Header(), q)
	return q, q.refusal()
}

// refusal returns what a request that the store did not let pass is told.
func (q quota) refusal() error {
	if q.ok {
		return nil
	}
	return &Error{Code: CodeRateLimited, RetryAfter: time.Until(q.reset)}
}

// timedStore is a store that has a deadline.
type timedStore struct {
	limiter.Store
	overdue atomic.Int64
}

// maxOverdue bounds the calls that are left behind in a store that ignores its
// context.
const maxOverdue = 256

var (
	errStoreLate    = errors.New("bearergate: the limiter store did not answer in time")
	errStoreEmpty   = errors.New("bearergate: the limiter store refused by a limit of 0, which is none")
	errStoreHanging = errors.New("bearergate: the limiter store answers no more")
)

// take asks a store in memory directly, and any other on a goroutine, so that
// the deadline holds for one that ignores its context too. A client that leaves
// does not end the call: what it costs the store stays bounded by the deadline,
// and only a late store counts as overdue.
func (s *timedStore) take(ctx context.Context, key string, timeout time.Duration) (quota, error) {
	if m, ok := s.Store.(*memoryBudget); ok {
		q, err := takeFrom(ctx, m.Store, key)
		q.window = m.window
		return q, err
	}
	if s.overdue.Load() >= maxOverdue {
		return quota{}, errStoreHanging
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), timeout)
	defer cancel()
	call := &storeCall{done: make(chan struct{})}
	go call.run(ctx, s, key)
	select {
	case <-call.done:
		return call.quota, call.err
	case <-ctx.Done():
		if call.settled.CompareAndSwap(false, true) {
			s.overdue.Add(1)
		}
		return quota{}, errStoreLate
	}
}

func takeFrom(ctx context.Context, store limiter.Store, key string) (quota, error) {
	limit, remaining, reset, ok, err := store.Take(ctx, key)
	switch {
	case err != nil:
		return quota{}, fmt.Errorf("bearergate: limiter store: %w", err)
	case !ok && limit == 0:
		return quota{}, errStoreEmpty
	}
	at := time.Unix(0, int64(min(reset, math.MaxInt64)))
	return quota{limit: limit, remaining: remaining, reset: at, ok: ok}, nil
}

// storeCall is one call of a store, settled by whichever comes first: the answer
// or the deadline.
type storeCall struct {
	settled atomic.Bool
	done    chan struct{}
	quota   quota
	err     error
}

func (c *storeCall) run(ctx context.Context, s *timedStore, key string) {
	defer func() {
		if p := recover(); p != nil {
			c.err = fmt.Errorf("bearergate: the limiter store panicked: %v", p)
		}
		close(c.done)
		if !c.settled.CompareAndSwap(false, true) {
			s.overdue.Add(-1)
		}
	}()
	c.quota, c.err = takeFrom(ctx, s.Store, key)
}
