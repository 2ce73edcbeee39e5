package bearergate

import (
	"context"
	"time"
)

// Limiter decides whether one more request of a key fits its budget, and counts
// it if so.
//
// It returns the quota after the request, with Allowed set if the request passes.
// An error means that it cannot tell: 503, unless [WithFallback] is given. So do a
// panic, a quota that refuses with a Limit of 0, which is none, and an answer after
// ctx ended. It must return when ctx ends; wrap a store that ignores its context
// with [NewStoreLimiter]. A limiter that answers from memory can ignore ctx: no timer
// is started then. It must not end its goroutine: the answer is then 503 without
// the fallback. It is called concurrently. Package limitertest proves one.
type Limiter interface {
	Take(ctx context.Context, key string) (Quota, error)
}

// LimiterFunc is a function that is a [Limiter].
type LimiterFunc func(ctx context.Context, key string) (Quota, error)

// Take implements [Limiter].
func (f LimiterFunc) Take(ctx context.Context, key string) (Quota, error) { return f(ctx, key) }

// Quota is what a [Limiter] knows of a key's budget.
type Quota struct {
	// Limit is the size of the budget, and Remaining how much of it is left. With
	// a Limit of 0, which is for a limiter that does not know it, the answer carries
	// no RateLimit fields.
	Limit, Remaining uint64
	// Reset is when the budget is restored. A request that is refused now passes
	// then.
	Reset time.Time
	// Window is how long a budget lasts, zero if the limiter does not know.
	Window time.Duration
	// Allowed reports whether the request passes.
	Allowed bool
}
