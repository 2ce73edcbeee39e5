package main

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/bearergate/bearergate"
)

// trace is what the server saw of one request: the calls of limiters and stores, and
// the decision that the observer received.
type trace struct {
	request *request

	mu       sync.Mutex
	servings int
	served   span
	calls    []*call
	queries  []string // the stores whose query this request began, and that failed
	decision *bearergate.Decision
}

// call is one call of a limiter. It hangs while it has no end.
type call struct {
	policy, key string
	memory      bool // the limiter answers from memory, and is never too late
	fallback    bool
	hangs       bool // the limiter hangs on purpose
	span
	quota bearergate.Quota
	err   error
}

const traceHeader = "X-Trace"

type traceKey struct{}

// traceFrom returns the trace of a request, never nil.
func traceFrom(ctx context.Context) *trace {
	if t, ok := ctx.Value(traceKey{}).(*trace); ok {
		return t
	}
	return new(trace)
}

// traces finds the traces of the requests on their way.
type traces struct{ sync.Map }

// deadline is the time that the API gives a request.
const deadline = 250 * time.Millisecond

// middleware stands around everything.
func (ts *traces) middleware(ends func(*trace)) bearergate.Middleware {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			t := new(trace)
			if known, ok := ts.Load(r.Header.Get(traceHeader)); ok {
				t = known.(*trace)
			}
			t.begin() // before the deadline counts, so that none is early
			ctx, cancel := context.WithTimeout(context.WithValue(r.Context(), traceKey{}, t), deadline)
			defer cancel()
			next.ServeHTTP(w, r.WithContext(ctx))
			t.end()
			ends(t)
		})
	}
}

func (t *trace) begin() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.servings++
	t.served.begin = time.Now()
}

func (t *trace) end() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.served.end = time.Now()
}

func (t *trace) observe(d bearergate.Decision) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.decision = &d
}

func (t *trace) queryFails(store string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.queries = append(t.queries, store)
}

// call notes that a call of a limiter begins, and returns a function that notes its end.
func (t *trace) call(c *call) (end func(bearergate.Quota, error)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	c.begin = time.Now()
	t.calls = append(t.calls, c)
	return func(q bearergate.Quota, err error) {
		t.mu.Lock()
		defer t.mu.Unlock()
		c.end, c.quota, c.err = time.Now(), q, err
	}
}

// seen is a copy of a trace that no longer changes.
type seen struct {
	servings int
	served   span
	calls    []call
	queries  []string
	decision *bearergate.Decision
}

func (t *trace) seen(st *stalls) seen {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := seen{t.servings, t.served, nil, slices.Clone(t.queries), t.decision}
	for _, c := range t.calls {
		s.calls = append(s.calls, *c)
		if last := &s.calls[len(s.calls)-1]; last.hangs && !last.end.IsZero() && st.during(last.span) {
			last.hangs = false // for the guard it may have been in time
		}
	}
	// A limiter may be so late that its call begins after that of the fallback.
	slices.SortStableFunc(s.calls, func(a, b call) int { return cmp.Compare(a.rank(), b.rank()) })
	return s
}

func (c call) rank() int {
	if c.fallback {
		return 1
	}
	return 0
}

// callsOf returns the calls for a policy, a fallback's last.
func (s *seen) callsOf(policy string) (calls []call) {
	for _, c := range s.calls {
		if c.policy == policy {
			calls = append(calls, c)
		}
	}
	return calls
}

// began reports whether the request began a query of the store that failed.
func (s *seen) began(store string) bool { return slices.Contains(s.queries, store) }
