package bearergate

import (
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"time"

	"github.com/sethvargo/go-limiter"
	"github.com/sethvargo/go-limiter/memorystore"
)

// The defaults of [RateLimit] and [LimitFailedAuthentication].
const (
	DefaultRequestsPerMinute = 1000
	DefaultStoreTimeout      = 50 * time.Millisecond
)

// PerMinute returns a budget of this many requests a minute for each key, in
// memory. Close it when the server stops. [DefaultRequestsPerMinute] is the
// documented cap of an installation.
func PerMinute(requests uint64) limiter.Store {
	return PerWindow(requests, time.Minute)
}

// PerWindow returns a budget of this many requests in each window, for each
// key, in memory. A key's windows follow each other from its first request on;
// the whole budget is there again when the next one begins. A key costs about
// 200 bytes and is forgotten two to three windows after its last one began; how
// many keys there are is not bounded.
//
// The store runs one goroutine until it is closed. It panics on a limit of 0
// and on a window under a millisecond.
func PerWindow(requests uint64, window time.Duration) limiter.Store {
	if requests == 0 {
		panic("bearergate: a budget of 0 requests lets nobody in; give at least 1")
	}
	if window < time.Millisecond {
		panic(fmt.Sprintf("bearergate: the window %v is too short; give at least a millisecond", window))
	}
	store, err := memorystore.New(&memorystore.Config{
		Tokens:        requests,
		Interval:      window,
		SweepInterval: max(window, time.Second),
		SweepMinTTL:   2 * window,
	})
	if err != nil {
		panic(fmt.Sprintf("bearergate: %v", err))
	}
	return &memoryBudget{store, window}
}

// memoryBudget is a store that answers from memory, and so needs no deadline.
type memoryBudget struct {
	limiter.Store
	window time.Duration
}

// RateLimitOption is a setting of [RateLimit] and [LimitFailedAuthentication].
type RateLimitOption func(*rateLimit)

type rateLimit struct {
	budget
	trustedProxies []netip.Prefix
}

func newRateLimit(name string, store limiter.Store, opts []RateLimitOption) *rateLimit {
	if store == nil {
		panic("bearergate: a rate limit needs a store; PerMinute(DefaultRequestsPerMinute) is one")
	}
	l := &rateLimit{budget: budget{name: name, store: &timedStore{Store: store}, timeout: DefaultStoreTimeout}}
	for _, set := range opts {
		if set == nil {
			panic("bearergate: a rate limit was given a nil RateLimitOption; leave it out")
		}
		set(l)
	}
	return l
}

// WithWindow says how long the store's window is, for the RateLimit-Policy
// field. It is not needed for [PerMinute] and [PerWindow], which know it; for
// another store without it the field does not name a window. It panics on a
// window under a second.
func WithWindow(window time.Duration) RateLimitOption {
	if window < time.Second {
		panic(fmt.Sprintf("bearergate: WithWindow was given %v; the field counts whole seconds", window))
	}
	return func(l *rateLimit) { l.window = window }
}

// WithStoreTimeout sets how long a store may take to answer. The default is
// [DefaultStoreTimeout].
func WithStoreTimeout(timeout time.Duration) RateLimitOption {
	if timeout <= 0 {
		panic(fmt.Sprintf("bearergate: WithStoreTimeout was given %v; give a time over 0", timeout))
	}
	return func(l *rateLimit) { l.timeout = timeout }
}

// WithFallback sets the store that decides where the first one fails or is too
// late, such as [PerMinute] behind a shared store: each server then limits on
// its own. The observer sees such decisions as degraded.
func WithFallback(store limiter.Store) RateLimitOption {
	if store == nil {
		panic("bearergate: WithFallback was given nil; leave it out")
	}
	return func(l *rateLimit) { l.fallback = &timedStore{Store: store} }
}

// RateLimit returns a guard that takes one request from the budget of the
// token's installation: of its installation id, else its grant id, else its
// subject and client id. A token with none of these is answered 500
// server_error. A request over the budget is answered 429 rate_limited, and
// Retry-After says when the same request passes.
//
// Every answer that the store decided carries RateLimit-Policy and RateLimit, as
// in draft-ietf-httpapi-ratelimit-headers-10; of two limits in a chain, the
// inner one's. A store that fails or is too late is answered 503 unless
// [WithFallback] is given. A store that ignores its context is left behind at
// the deadline; while 256 such calls are outstanding it counts as failed and is
// not called.
func RateLimit(store limiter.Store, opts ...RateLimitOption) Middleware {
	l := newRateLimit("installation", store, opts)
	if l.trustedProxies != nil {
		panic("bearergate: RateLimit knows installations, not addresses; WithTrustedProxies is for LimitFailedAuthentication")
	}
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			state := stateFrom(r.Context())
			state.record.deciding()
			if err := l.takeForToken(w, r, state); err != nil {
				refuseGuarded(w, r, err)
				return
			}
			state.record.passed(r)
			next.ServeHTTP(w, r)
		})
	}
}

var (
	errLimitUnguarded = ErrServerError.because(errors.New("bearergate: RateLimit without RequireToken before it; put RequireToken outside of it, or see LimitFailedAuthentication"))
	errNobody         = ErrServerError.because(errors.New("bearergate: RateLimit needs a token with an installation, a grant, a subject or a client"))
)

func (l *rateLimit) takeForToken(w http.ResponseWriter, r *http.Request, s *state) error {
	switch {
	case s.token == nil:
		return errLimitUnguarded
	case s.token.limitKey == "":
		return errNobody
	}
	_, err := l.take(w, r, s.token.limitKey)
	return err
}
