package bearergate

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// DefaultLimiterTimeout is how long a [Limiter] has to answer.
const DefaultLimiterTimeout = 50 * time.Millisecond

// budget is a limiter with a deadline and, if one was composed in, a fallback.
type budget struct {
	name     string // of the policy in the RateLimit fields
	limiter  Limiter
	fallback Limiter
	timeout  time.Duration
	policy   atomic.Pointer[policyField]
}

func newBudget(guard, name string, l Limiter) budget {
	if isNil(l) {
		panic(fmt.Sprintf("bearergate: %s needs a Limiter; PerMinute(DefaultRequestsPerMinute) returns one", guard))
	}
	return budget{name: name, limiter: l, timeout: DefaultLimiterTimeout}
}

// LimiterOption is a setting of [RateLimit] and [LimitFailedAuthentication].
type LimiterOption func(*budget)

func (o LimiterOption) applyRateLimit(b *budget)                          { o(b) }
func (o LimiterOption) applyFailedAuthentication(f *failedAuthentication) { o(&f.budget) }

// WithLimiterTimeout sets how long a limiter has to answer, the fallback as long
// again. The default, also for 0 and less, is [DefaultLimiterTimeout].
func WithLimiterTimeout(timeout time.Duration) LimiterOption {
	if timeout <= 0 {
		timeout = DefaultLimiterTimeout
	}
	return func(b *budget) { b.timeout = timeout }
}

// WithFallback sets the limiter that decides if the first one fails or is too
// late, such as [PerMinute] behind a shared one: each server then limits on its
// own. The observer sees such decisions as degraded.
func WithFallback(l Limiter) LimiterOption {
	if isNil(l) {
		panic("bearergate: WithFallback was given nil; leave it out")
	}
	return func(b *budget) { b.fallback = l }
}

var (
	errNoLimit       = errors.New("bearergate: the limiter refused by a limit of 0, which is none")
	errLimiterExited = errors.New("bearergate: the limiter ended the request's goroutine")
)

// take takes one request from the key's budget and sets the fields that say how
// much of it is left. A limiter that fails is never a fault of the client's.
func (b *budget) take(w http.ResponseWriter, r *http.Request, s *state, key string) (Quota, time.Time, error) {
	returned := false
	defer func() {
		if !returned { // runtime.Goexit: nothing after this runs but deferred calls
			refuseGuarded(w, r, s, ErrTemporarilyUnavailable.because(errLimiterExited))
			http.NewResponseController(w).Flush()
		}
	}()
	q, err := b.ask(r.Context(), b.limiter, key)
	if err != nil && b.fallback != nil {
		s.record.degraded()
		q, err = b.ask(r.Context(), b.fallback, key)
	}
	returned = true
	if err != nil {
		return Quota{}, time.Time{}, ErrTemporarilyUnavailable.because(err)
	}
	now := time.Now()
	b.setFields(w.Header(), q, now)
	return q, now, nil
}

func (b *budget) ask(ctx context.Context, l Limiter, key string) (q Quota, err error) {
	limited := &limiterContext{Context: ctx, timeout: b.timeout}
	defer func() {
		limited.end()
		if p := recover(); p != nil {
			q, err = Quota{}, fmt.Errorf("bearergate: the limiter panicked: %v", p)
		}
	}()
	q, err = l.Take(limited, key)
	if err == nil && !q.Allowed && q.Limit == 0 {
		err = errNoLimit
	}
	return q, err
}

// limiterContext is the context of one call of a limiter. It ends at the timeout,
// and not when the client leaves: a call that was begun is worth its answer. A
// limiter that answers from memory does not look at it, and starts no timer.
type limiterContext struct {
	context.Context // of the request, for its values
	timeout         time.Duration

	once   sync.Once
	timed  context.Context
	cancel context.CancelFunc
}

func (c *limiterContext) started() context.Context {
	c.once.Do(func() {
		c.timed, c.cancel = context.WithTimeout(context.WithoutCancel(c.Context), c.timeout)
	})
	return c.timed
}

func (c *limiterContext) Deadline() (time.Time, bool) { return c.started().Deadline() }
func (c *limiterContext) Done() <-chan struct{}       { return c.started().Done() }
func (c *limiterContext) Err() error                  { return c.started().Err() }

func (c *limiterContext) end() {
	c.once.Do(func() { c.timed, c.cancel = ended, func() {} })
	c.cancel()
}

// ended is for limiters that look at their context after they returned.
var ended = func() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}()

// maxFieldInteger is the largest integer of a structured field (RFC 9651
// section 3.3.1).
const maxFieldInteger = 999_999_999_999_999

// policyField is a RateLimit-Policy as it was last written. It hardly changes.
type policyField struct {
	limit  uint64
	window time.Duration
	text   string
}

// setFields adds to RateLimit-Policy and RateLimit. Their slices are cut from one
// array, and belong to this response alone.
func (b *budget) setFields(h http.Header, q Quota, now time.Time) {
	if q.Limit == 0 {
		return
	}
	values := [...]string{b.policyText(q), b.limitText(q, now)}
	if outer := h["Ratelimit"]; outer != nil { // of another budget
		h["Ratelimit-Policy"] = append(h["Ratelimit-Policy"], values[0])
		h["Ratelimit"] = append(outer, values[1])
		return
	}
	h["Ratelimit-Policy"] = values[0:1:1]
	h["Ratelimit"] = values[1:2:2]
}

func (b *budget) policyText(q Quota) string {
	if p := b.policy.Load(); p != nil && p.limit == q.Limit && p.window == q.Window {
		return p.text
	}
	text := `"` + b.name + `";q=` + strconv.FormatUint(min(q.Limit, maxFieldInteger), 10)
	if q.Window >= time.Second {
		text += ";w=" + strconv.FormatInt(wholeSeconds(q.Window), 10)
	}
	b.policy.Store(&policyField{q.Limit, q.Window, text})
	return text
}

func (b *budget) limitText(q Quota, now time.Time) string {
	var buf [64]byte
	text := append(buf[:0], '"')
	text = append(text, b.name...)
	text = append(text, `";r=`...)
	text = strconv.AppendUint(text, min(q.Remaining, maxFieldInteger), 10)
	text = append(text, ";t="...)
	text = strconv.AppendInt(text, min(wholeSeconds(q.Reset.Sub(now)), maxFieldInteger), 10)
	return string(text)
}
