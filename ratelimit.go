package bearergate

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/bearergate/bearergate/internal/typednil"
)

// RateLimitOption is a setting of [RateLimit]. A [LimiterOption] is one.
type RateLimitOption interface{ applyRateLimit(*rateLimit) }

func (o LimiterOption) applyRateLimit(g *rateLimit) { o(&g.budget) }

// RateLimit returns a guard that takes each request from a budget. A request over the
// budget is answered 429 rate_limited, with a Retry-After after which the same request
// passes.
//
// By default the budget is that of the token's installation: of its installation id,
// else its grant id, else its issuer, subject and client id. A token with none of these
// is answered 500 server_error. [WithKey] counts by another key, and [WithPlan] makes the
// size of the budget depend on the caller.
//
// Every answer on which the limiter decided carries RateLimit-Policy and RateLimit,
// as in draft-ietf-httpapi-ratelimit-headers-10. If there are two limits in a chain,
// the fields have both; give one of them a name by [WithKey] or [WithPolicyName]. Put
// the longer window outside: only then Retry-After accounts for both budgets.
//
// If the limiter fails, panics or answers after its timeout, the answer is 503, unless
// [WithFallback] is given. [WithLimiterTimeout] sets the timeout.
func RateLimit(l Limiter, opts ...RateLimitOption) Middleware {
	g := &rateLimit{budget: newBudget("RateLimit", "", l)}
	for _, o := range opts {
		if typednil.Is(o) {
			panic(nilOption("RateLimit", "RateLimitOption"))
		}
		o.applyRateLimit(g)
	}
	if g.key == nil {
		return behindToken("RateLimit", g.check)
	}
	if g.budget.named {
		panic("bearergate: RateLimit was given WithKey and WithPolicyName; leave out WithPolicyName, since the name of WithKey names the policy too")
	}
	g.budget.name = g.key.name
	return errorGuard(g.check).middleware()
}

type rateLimit struct {
	budget budget
	key    *namedKey // nil: the installation of the token
	plan   PlanFunc  // nil: the same limiter for all callers
}

var errNobody = ErrServerError.because(errors.New("bearergate: RateLimit needs a token with an installation, a grant, a subject or a client"))

func (g *rateLimit) check(w http.ResponseWriter, r *http.Request, v visit) (visit, error) {
	key, err := g.keyOf(r, v.state)
	if err != nil {
		return visit{}, err
	}
	l, err := g.limiterOf(r)
	if err != nil {
		return visit{}, err
	}
	name := g.nameOf(v.state)
	q, now, err := g.budget.take(w, r, v, l, name, key)
	switch {
	case err != nil:
		return visit{}, err
	case !q.Allowed:
		return visit{}, usedUp(name, g.kindOf(key), q, later(q.Reset, v.usedUpUntil), now)
	case q.Remaining > 0:
		return v, nil
	}
	until := later(q.Reset, v.usedUpUntil)
	inner := v.own(r, v.usedUpUntil != nil)
	inner.usedUpUntil = &until
	return inner, nil
}

// keyOf returns the limiter's key for the request.
func (g *rateLimit) keyOf(r *http.Request, s *state) (string, error) {
	switch {
	case g.key != nil:
		return g.key.of(r)
	case s.token().limitKey == "":
		return "", errNobody
	}
	return s.token().limitKey, nil
}

// nameOf returns the name of the policy in the RateLimit fields.
func (g *rateLimit) nameOf(s *state) string {
	if g.budget.name == "" {
		return s.token().limitName
	}
	return g.budget.name
}

// later returns the later of reset and the time at which an outer budget is restored.
// The same request does not pass before then.
func later(reset time.Time, outer *time.Time) time.Time {
	if outer != nil && outer.After(reset) {
		return *outer
	}
	return reset
}

// kindOf returns what the budget of the key is for: the name of [WithKey], or the
// part of the token's key before the colon.
func (g *rateLimit) kindOf(key string) string {
	if g.key != nil {
		return g.key.name
	}
	kind, _, _ := strings.Cut(key, ":")
	return kind
}

// usedUp returns the refusal of a request that passes at until. The kind is what the
// budget is for, such as an installation.
func usedUp(name, kind string, q Quota, until, now time.Time) error {
	return becauseOf(Error{Code: ErrRateLimited, RetryAfter: until.Sub(now)}, budgetUsedUp{name, kind, q.Limit, until})
}

// budgetUsedUp is the facts of a budget, without its key, which may be a secret.
type budgetUsedUp struct {
	name, kind string
	limit      uint64
	until      time.Time
}

func (u budgetUsedUp) String() string {
	return fmt.Sprintf("the budget %q is used up for this %s: its limit is %d, and the next request passes at %s", u.name, u.kind, u.limit, u.until.UTC().Format(time.RFC3339))
}
