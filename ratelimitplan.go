package bearergate

import (
	"net/http"

	"github.com/bearergate/bearergate/internal/typednil"
)

// PlanFunc chooses the limiter of a request, such as that of the plan that the
// token's claims name. If it returns nil, the limiter given to [RateLimit] is used.
//
// A [Code] or an [*Error] in the tree of its error sets the answer, and any other
// error is answered 503. It is called concurrently, and must not read the body. If it
// panics, the panic propagates as a handler's does.
type PlanFunc func(*http.Request) (Limiter, error)

// WithPlan makes [RateLimit] ask the limiter that choose returns, so that the size of
// a budget can depend on the caller. The RateLimit fields give the size of the
// caller's own budget. Make the limiters once, before the first request: one
// that is made for a request has a full budget every time. Limiters that share a
// database need keys of their own there, since the key does not name the plan. Key,
// timeout and fallback are the same for all of them. It panics if choose is nil.
func WithPlan(choose PlanFunc) RateLimitOption {
	if choose == nil {
		panic("bearergate: WithPlan needs a PlanFunc; if all callers have the same budget, leave it out")
	}
	return planOption(choose)
}

type planOption PlanFunc

func (o planOption) applyRateLimit(g *rateLimit) { g.plan = PlanFunc(o) }

// limiterOf returns the limiter of the request.
func (g *rateLimit) limiterOf(r *http.Request) (Limiter, error) {
	if g.plan == nil {
		return g.budget.limiter, nil
	}
	l, err := g.plan(r)
	switch {
	case err != nil:
		return nil, err
	case typednil.Is(l): // also a nil *MemoryLimiter, which a map has for a plan that it does not know
		return g.budget.limiter, nil
	}
	return l, nil
}
