package bearergate

import (
	"context"
	"time"
)

// Limiter decides whether one more request of a key fits its budget. If it does, it
// counts the request.
//
// Take returns the quota after the request; Allowed reports whether the request
// passes. An error means that the limiter cannot decide, and may have counted the
// request, or count it later: the answer is 503, unless [WithFallback] is given. The
// same holds for a panic, for an answer after ctx ended, and for a quota that refuses
// with a Limit of 0.
//
// Take returns when ctx ends; [NewStoreLimiter] wraps a store that ignores its
// context. A limiter that answers from memory can ignore ctx, and no timer is started
// then. Take does not call [runtime.Goexit]: the answer is then 503 without the
// fallback. It is called concurrently. Package limitertest tests an implementation.
type Limiter interface {
	Take(ctx context.Context, key string) (Quota, error)
}

// LimiterFunc is a function that is a [Limiter].
type LimiterFunc func(ctx context.Context, key string) (Quota, error)

// Take implements [Limiter].
func (f LimiterFunc) Take(ctx context.Context, key string) (Quota, error) { return f(ctx, key) }

// Quota is the state of a key's budget.
type Quota struct {
	// Limit is the size of the budget, and Remaining the part that is left. If the
	// limiter does not know its size, Limit is 0, and the answer has no RateLimit
	// fields.
	Limit, Remaining uint64
	// Reset is the time at which the budget is restored. A request that is refused
	// now passes then.
	Reset time.Time
	// Window is the time for which a budget lasts, 0 if the limiter does not know it.
	Window time.Duration
	// Allowed reports whether the request passes.
	Allowed bool
}
