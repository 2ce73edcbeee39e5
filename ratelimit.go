package bearergate

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// RateLimitOption is a setting of [RateLimit]. A [LimiterOption] is one.
type RateLimitOption interface{ applyRateLimit(*budget) }

func (o LimiterOption) applyRateLimit(b *budget) { o(b) }

// RateLimit returns a guard that takes one request from the budget of the
// token's installation: of its installation id, else its grant id, else its
// subject and client id. A token with none of these is answered 500
// server_error. A request over the budget is answered 429 rate_limited, and
// Retry-After says when the same request passes.
//
// Every answer on which the limiter decided carries RateLimit-Policy and
// RateLimit, as in draft-ietf-httpapi-ratelimit-headers-10. If there are two
// limits in a chain, the fields have both; give one of them a name by
// [WithPolicyName]. Put the longer window outside: only then Retry-After heeds both
// budgets.
//
// A limiter that fails, panics or is too late, see [WithLimiterTimeout], is
// answered 503 unless [WithFallback] is given.
func RateLimit(l Limiter, opts ...RateLimitOption) Middleware {
	b := newBudget("RateLimit", "installation", l)
	for _, o := range opts {
		if isNil(o) {
			panic(nilOption("RateLimit", "RateLimitOption"))
		}
		o.applyRateLimit(&b)
	}
	return behindToken("RateLimit", b.check)
}

var errNobody = ErrServerError.because(errors.New("bearergate: RateLimit needs a token with an installation, a grant, a subject or a client"))

func (b *budget) check(w http.ResponseWriter, r *http.Request, s *state) (*state, error) {
	if s.token.limitKey == "" {
		return nil, errNobody
	}
	q, now, err := b.take(w, r, s, s.token.limitKey)
	switch {
	case err != nil:
		return nil, err
	case !q.Allowed:
		return nil, b.usedUp(s.token.limitKey, q, later(q.Reset, s.usedUpUntil), now)
	case q.Remaining > 0:
		return s, nil
	}
	inner, until := extend(r.Context()), later(q.Reset, s.usedUpUntil)
	inner.usedUpUntil = &until
	return inner, nil
}

// later returns reset, or the time at which an outer budget is restored if that is
// later: before then the same request does not pass.
func later(reset time.Time, outer *time.Time) time.Time {
	if outer != nil && outer.After(reset) {
		return *outer
	}
	return reset
}

// usedUp returns the refusal of a request that passes at until. The part of the key
// before the colon is its kind.
func (b *budget) usedUp(key string, q Quota, until, now time.Time) error {
	kind, _, _ := strings.Cut(key, ":")
	return becauseOf(Error{Code: ErrRateLimited, RetryAfter: until.Sub(now)}, budgetUsedUp{b.name, kind, q.Limit, until})
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
