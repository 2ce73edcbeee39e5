package bearergate

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/bearergate/bearergate/internal/scopetoken"
	"github.com/bearergate/bearergate/internal/typednil"
)

// DefaultLimiterTimeout is the time that a [Limiter] has to answer.
const DefaultLimiterTimeout = 50 * time.Millisecond

// budget is a limiter with a deadline and, if configured, a fallback.
type budget struct {
	name     string // of the policy in the RateLimit fields
	named    bool   // by WithPolicyName
	limiter  Limiter
	fallback Limiter
	idle     limiterCall
	policies atomic.Pointer[[]policyField]
}

func newBudget(guard, name string, l Limiter) budget {
	if typednil.Is(l) {
		panic(fmt.Sprintf("bearergate: %s needs a Limiter; PerMinute(DefaultRequestsPerMinute) returns one", guard))
	}
	return budget{name: name, limiter: l, idle: limiterCall{timeout: DefaultLimiterTimeout}}
}

// LimiterOption is a setting of [RateLimit] and [LimitFailedAuthentication].
type LimiterOption func(*budget)

// WithLimiterTimeout sets the time that a limiter has to answer. A fallback then has
// the same time again. If timeout is 0 or less, [DefaultLimiterTimeout] is used.
func WithLimiterTimeout(timeout time.Duration) LimiterOption {
	if timeout <= 0 {
		timeout = DefaultLimiterTimeout
	}
	return func(b *budget) { b.idle.timeout = timeout }
}

// WithPolicyName sets the name of the policy in the RateLimit fields, by which a
// client distinguishes the limits of a chain. The default of [RateLimit] is
// "installation" for a token with an installation or a grant, and "user" for any other.
// That of [LimitFailedAuthentication] is "failed-authentication". With
// [WithKey] it is the name of the key, and cannot be set by WithPolicyName. It panics
// on a name that is empty, or not printable ASCII without space, quote and backslash.
func WithPolicyName(name string) LimiterOption {
	if !scopetoken.Valid(name) {
		panic(fmt.Sprintf("bearergate: WithPolicyName was given %q; use printable ASCII without space, quote and backslash", name))
	}
	return func(b *budget) { b.name, b.named = name, true }
}

// WithFallback sets the limiter that decides if the first one fails or answers after
// its timeout. With [PerMinute] behind a shared limiter, each server then limits on
// its own. The observer receives such decisions as [Decision.Degraded]. By default
// there is none, and the answer is 503.
func WithFallback(l Limiter) LimiterOption {
	if typednil.Is(l) {
		panic("bearergate: WithFallback was given nil; leave it out")
	}
	return func(b *budget) { b.fallback = l }
}

var (
	errNoLimit       = errors.New("bearergate: the limiter refused the request with a Quota.Limit of 0")
	errLimiterLate   = errors.New("bearergate: the limiter answered after its context had ended")
	errLimiterExited = errors.New("bearergate: the limiter ended the request's goroutine")
)

// take takes one request from the key's budget and sets the RateLimit fields. A
// limiter that fails is never a fault of the client.
func (b *budget) take(w http.ResponseWriter, r *http.Request, v visit, l Limiter, name, key string) (Quota, time.Time, error) {
	q, now, err := b.decide(w, r, v.state, l, name, key)
	if err == nil {
		b.setFields(w.Header(), v, name, q, now)
	}
	return q, now, err
}

// decide takes one request from the key's budget.
func (b *budget) decide(w http.ResponseWriter, r *http.Request, s *state, l Limiter, name, key string) (Quota, time.Time, error) {
	q, now, err := b.ask(w, r, s, l, key)
	if err != nil && b.fallback != nil {
		s.record.degraded(b.failure(name, err))
		q, now, err = b.ask(w, r, s, b.fallback, key)
	}
	if err != nil {
		return Quota{}, time.Time{}, ErrTemporarilyUnavailable.because(b.failure(name, err))
	}
	return q, now, nil
}

// failure names the limiter that failed, for the log.
func (b *budget) failure(name string, err error) error {
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("the limiter of the budget %q had no answer within %v: %w", name, b.idle.timeout, err)
	}
	return fmt.Errorf("the limiter of the budget %q failed: %w", name, err)
}

// ask returns the answer of a limiter, and when it came. A limiter in memory needs no
// deadline, and one reading of the clock serves it and the RateLimit fields.
func (b *budget) ask(w http.ResponseWriter, r *http.Request, s *state, l Limiter, key string) (Quota, time.Time, error) {
	if m, ok := l.(*MemoryLimiter); ok {
		now := time.Now()
		q, err := m.take(key, now)
		return q, now, err
	}
	q, err := b.askInTime(w, r, s, l, key)
	return q, time.Now(), err
}

func (b *budget) askInTime(w http.ResponseWriter, r *http.Request, s *state, l Limiter, key string) (q Quota, err error) {
	ctx, returned := newLimiterContext(r.Context(), &b.idle), false
	defer func() {
		ctx.end()
		if returned {
			return
		}
		if p := recover(); p != nil {
			q, err = Quota{}, fmt.Errorf("bearergate: the limiter panicked: %v", p)
			return
		}
		// runtime.Goexit: nothing runs after this but deferred calls.
		refuseGuarded(w, r, s, ErrTemporarilyUnavailable.because(errLimiterExited).refusal())
		http.NewResponseController(w).Flush()
	}()
	q, err = l.Take(ctx, key)
	returned = true
	switch {
	case err == nil && ctx.ended():
		err = errLimiterLate
	case err == nil && !q.Allowed && q.Limit == 0:
		err = errNoLimit
	}
	return q, err
}

// maxFieldInteger is the largest integer of a structured field (RFC 9651
// section 3.3.1).
const maxFieldInteger = 999_999_999_999_999

// policyField is a value of RateLimit-Policy. There are few in use.
type policyField struct {
	name   string
	limit  uint64
	window time.Duration
	text   string
}

// maxPolicies is how many values of RateLimit-Policy a budget keeps.
const maxPolicies = 8

// setFields adds the policy's members to RateLimit-Policy and RateLimit. The slices of
// both are cut from one array, which belongs to this response alone.
func (b *budget) setFields(h http.Header, v visit, name string, q Quota, now time.Time) {
	if q.Limit == 0 {
		return
	}
	policy, limit := b.policyText(name, q), b.limitText(name, q, now)
	if policies := h["Ratelimit-Policy"]; policies != nil {
		h["Ratelimit-Policy"], h["Ratelimit"] = append(policies, policy), append(h["Ratelimit"], limit)
		return
	}
	values := v.limitValues()
	values[0], values[1] = policy, limit
	h["Ratelimit-Policy"] = values[0:1:1]
	h["Ratelimit"] = values[1:2:2]
}

func (b *budget) policyText(name string, q Quota) string {
	known := b.policies.Load()
	if known != nil {
		for i := range *known {
			if p := &(*known)[i]; p.limit == q.Limit && p.window == q.Window && p.name == name {
				return p.text
			}
		}
	}
	text := `"` + name + `";q=` + strconv.FormatUint(min(q.Limit, maxFieldInteger), 10)
	if q.Window >= time.Second {
		text += ";w=" + strconv.FormatInt(wholeSeconds(q.Window), 10)
	}
	more := []policyField{{name, q.Limit, q.Window, text}}
	if known != nil {
		more = append(more, (*known)[:min(len(*known), maxPolicies-1)]...)
	}
	b.policies.Store(&more) // another one that is stored at once is made again
	return text
}

func (b *budget) limitText(name string, q Quota, now time.Time) string {
	var buf [64]byte
	text := append(buf[:0], '"')
	text = append(text, name...)
	text = append(text, `";r=`...)
	text = strconv.AppendUint(text, min(q.Remaining, maxFieldInteger), 10)
	text = append(text, ";t="...)
	text = strconv.AppendInt(text, min(wholeSeconds(q.Reset.Sub(now)), maxFieldInteger), 10)
	return string(text)
}
