package main

import (
	"context"
	"time"

	"github.com/bearergate/bearergate"
)

// store is a store of go-limiter, as in another process: it fails, and it hangs.
type store struct {
	meter   *meter
	trouble *trouble
}

// limiter returns the store as the guards use it.
func (s *store) limiter() bearergate.Limiter { return bearergate.NewStoreLimiter(s, s.meter.window) }

// Take implements the interface of go-limiter. A call that hangs counts the request all
// the same, later.
func (s *store) Take(ctx context.Context, key string) (limit, remaining, reset uint64, ok bool, err error) {
	wait := s.trouble.next()
	hangs := wait > bearergate.DefaultLimiterTimeout
	end := traceFrom(ctx).call(&call{policy: s.meter.policy, key: key, hangs: hangs})
	if wait > 0 {
		s.trouble.wait(ctx, wait)
	}
	var q bearergate.Quota
	if wait == 0 || hangs {
		q, err = s.meter.take(ctx, key)
	} else {
		err = errStore
	}
	end(q, err)
	return q.Limit, q.Remaining, uint64(q.Reset.UnixNano()), q.Allowed, err
}

// Get, Set, Burst and Close are for the interface alone.
func (s *store) Get(context.Context, string) (tokens, remaining uint64, err error) { return 0, 0, nil }

func (s *store) Set(context.Context, string, uint64, time.Duration) error { return nil }

func (s *store) Burst(context.Context, string, uint64) error { return nil }

func (s *store) Close(context.Context) error { return nil }
