package bearergate_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/bearergatetest"
)

// byHeader limits by a header of the request, and has as much left as there are z in it.
func byHeader(t testing.TB) bearergate.Middleware {
	remaining := bearergate.LimiterFunc(func(_ context.Context, key string) (bearergate.Quota, error) {
		return bearergate.Quota{Limit: 1000, Remaining: uint64(strings.Count(key, "z")), Reset: time.Now().Add(time.Minute), Allowed: true}, nil
	})
	return bearergate.RateLimit(remaining, bearergate.WithKey("header", func(r *http.Request) (string, error) { return r.Header.Get("Key"), nil }))
}

// batch serves n requests of its own at once, each a clone of the one that it got, as
// an endpoint for batches does.
func batch(n int, next http.Handler) (_ http.Handler, answers func() []*httptest.ResponseRecorder) {
	recs := make([]*httptest.ResponseRecorder, n)
	return http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var all sync.WaitGroup
		for i := range n {
			recs[i] = httptest.NewRecorder()
			part := r.Clone(r.Context())
			part.Header.Set("Key", strings.Repeat("z", 1+i))
			all.Go(func() { next.ServeHTTP(recs[i], part) })
		}
		all.Wait()
	}), func() []*httptest.ResponseRecorder { return recs }
}

// Rules: S6.12.
func TestPartsOfABatchShareNoFields(t *testing.T) {
	handled := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	handler, answers := batch(4, byHeader(t)(handled))
	guarded := bearergate.Chain(configured(bearergate.Config{}), bearergate.RequireToken(bySubject()))(handler)
	for range 5000 {
		guarded.ServeHTTP(httptest.NewRecorder(), get("alice"))
		for i, rec := range answers() {
			want := fmt.Sprintf(`"header";r=%d;`, 1+i)
			if got := rec.Header().Get("RateLimit"); !strings.HasPrefix(got, want) {
				t.Fatalf("part %d: got RateLimit %s, want %s", i, got, want)
			}
		}
	}
}

// Rules: S6.29.
func TestFailedPartsOfABatchShareNoFields(t *testing.T) {
	handler, answers := batch(4, bearergate.RequireToken(failing(bearergate.ErrInvalidToken))(http.NotFoundHandler()))
	for range 2000 {
		guarded := bearergate.Chain(configured(bearergate.Config{}), bearergate.LimitFailedAuthentication(budgetOf(t, 100)))(handler)
		guarded.ServeHTTP(httptest.NewRecorder(), get("forged"))
		seen := make(map[string]bool)
		for _, rec := range answers() {
			seen[rec.Header().Get("RateLimit")] = true
		}
		if len(seen) != 4 {
			t.Fatalf("got the RateLimit fields %v for four failures of one address, want four that differ", seen)
		}
	}
}

// eachUntilFound serves the request by one handler after the other until one answers
// with less than 400. All get the same request.
func eachUntilFound(handlers ...http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for i, h := range handlers {
			rec := httptest.NewRecorder()
			h.ServeHTTP(rec, r)
			if rec.Code < 400 || i == len(handlers)-1 {
				for name, values := range rec.Header() {
					w.Header()[name] = values
				}
				w.WriteHeader(rec.Code)
				w.Write(rec.Body.Bytes())
				return
			}
		}
	})
}

// tried returns a middleware that tries the first chain, whose handler finds nothing,
// and then goes on.
func tried(first ...bearergate.Middleware) bearergate.Middleware {
	return func(next http.Handler) http.Handler {
		return eachUntilFound(bearergate.Chain(first...)(http.NotFoundHandler()), next)
	}
}

// TestChainHasNoFactsOfOneThatWasTriedBefore has a dispatcher try two chains with one
// request. The second must see nothing that the guards of the first found.
//
// Rules: S1.36, S5.5, S4.29, S1.29, S6.27.
func TestChainHasNoFactsOfOneThatWasTriedBefore(t *testing.T) {
	grants := new(bearergate.MemoryGrants)
	grants.Put(bearergate.Grant{ID: bearergatetest.DefaultGrantID, OrganizationID: "globex"})
	verify := bearergate.RequireToken(bySubject())
	org := bearergate.RequireOrg(bearergate.PathValue("org"))
	lastOf := bearergate.RateLimit(bearergate.LimiterFunc(func(context.Context, string) (bearergate.Quota, error) {
		return bearergate.Quota{Limit: 1, Reset: time.Now().Add(time.Hour), Allowed: true}, nil
	}), bearergate.WithKey("hourly", func(*http.Request) (string, error) { return "all", nil }))
	refuseBad := func(http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { bearergate.Refuse(w, r, bearergate.ErrInvalidRequest) })
	}
	configure := configured(bearergate.Config{})
	for _, c := range []struct {
		name   string
		guards []bearergate.Middleware
		token  string
		want   int
		header string // the name of a header, and
		value  string // what it has without the first chain
	}{
		{"a token", []bearergate.Middleware{configure, tried(verify), bearergate.RequireScope("projects:read")}, "alice", 500, "", ""},
		{"no token", []bearergate.Middleware{configure, tried(bearergate.OptionalToken(bySubject())), bearergate.RequireScope("projects:read")}, "", 500, "", ""},
		{"a grant", []bearergate.Middleware{configure, verify, tried(bearergate.RequireGrant(grants)), org}, "alice", 403, "", ""},
		{"a challenge", []bearergate.Middleware{configure, tried(verify), refuseBad}, "alice", 400, "Www-Authenticate", ""},
		{"a wait", []bearergate.Middleware{configure, tried(lastOf), bearergate.RateLimit(exhaustedFor(1, time.Second, time.Second), bearergate.WithKey("secondly", func(*http.Request) (string, error) { return "all", nil }))}, "", 429, "Retry-After", "1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := serve(bearergate.Chain(c.guards...), with(get(c.token), "org", "globex"))
			if got.Status != c.want {
				t.Errorf("got %d %s, want %d", got.Status, got.Body, c.want)
			}
			if value := got.Header.Get(c.header); c.header != "" && value != c.value && !(c.value == "" && c.name != "a challenge") {
				t.Errorf("got %s: %q, want %q", c.header, value, c.value)
			}
		})
	}
}

// TestLimitOfAnotherChainCountsNothing: the failures of a chain without a limit are
// not taken from the budget of a limit around another one.
//
// Rules: S6.24, S6.28.
func TestLimitOfAnotherChainCountsNothing(t *testing.T) {
	limit := bearergate.LimitFailedAuthentication(budgetOf(t, 4))
	reject := bearergate.RequireToken(failing(bearergate.ErrInvalidToken))
	guard := bearergate.Chain(configured(bearergate.Config{}), tried(limit, reject), reject)
	for range 2 {
		refuses(t, guard, get("forged"), bearergate.ErrInvalidToken)
	}
	for range 2 { // of a budget of 4
		refuses(t, bearergate.Chain(limit, reject), get("forged"), bearergate.ErrInvalidToken)
	}
}

// TestHandlerThatEditsItsRequestEditsNoOther has a handler that keeps the token from
// what it calls, and a middleware outside of RequireToken that retries.
//
// Rules: S1.13.
func TestHandlerThatEditsItsRequestEditsNoOther(t *testing.T) {
	calls := 0
	retry := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			rec := httptest.NewRecorder()
			if next.ServeHTTP(rec, r); rec.Code == http.StatusBadGateway {
				next.ServeHTTP(w, r)
			}
		})
	}
	handler := bearergate.Chain(configured(bearergate.Config{}), retry, bearergate.RequireToken(bySubject()))(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Header = r.Header.Clone()
		r.Header.Del("Authorization")
		if calls++; calls == 1 {
			w.WriteHeader(http.StatusBadGateway)
		}
	}))
	rec := httptest.NewRecorder()
	handler.ServeHTTP(rec, get("alice"))
	if rec.Code != http.StatusOK {
		t.Errorf("got %d %s, want 200 at the second try", rec.Code, rec.Body)
	}
}

// TestChainsThatRunAtOnceWithOneRequest is for the race detector: a middleware that
// tries a new verifier on live traffic, and discards its answer.
func TestChainsThatRunAtOnceWithOneRequest(t *testing.T) {
	shadow := func(trial http.Handler) bearergate.Middleware {
		return func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				var both sync.WaitGroup
				both.Go(func() { trial.ServeHTTP(httptest.NewRecorder(), r) })
				next.ServeHTTP(w, r)
				both.Wait()
			})
		}
	}
	named := func(name string) bearergate.Verifier {
		c := bearergatetest.InstallationClaims()
		c.Subject = name
		return accepting(c)
	}
	trial := bearergate.RequireToken(named("trial"))(http.NotFoundHandler())
	guarded := bearergate.Chain(configured(bearergate.Config{}), shadow(trial), bearergate.RequireToken(named("live")))
	for range 5000 {
		got := "none"
		guarded(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = subjectIn(r.Context()) })).ServeHTTP(httptest.NewRecorder(), get("token"))
		if got != "live" {
			t.Fatalf("got the token of the verifier %q in the live handler, want that of its own", got)
		}
	}
}

// TestRefuseWhileGuardsRun is for the race detector: a middleware that does not wait
// longer than a while, and then refuses.
func TestRefuseWhileGuardsRun(t *testing.T) {
	impatient := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			done, rec := make(chan struct{}), httptest.NewRecorder()
			go func() {
				defer close(done)
				next.ServeHTTP(rec, r)
			}()
			time.Sleep(time.Millisecond)
			bearergate.Refuse(w, r, bearergate.ErrTemporarilyUnavailable)
			defer func() { <-done }()
		})
	}
	slow := bearergate.VerifierFunc(func(context.Context, string) (*bearergate.Token, error) {
		time.Sleep(5 * time.Millisecond)
		return bearergate.NewToken(bearergatetest.InstallationClaims()), nil
	})
	if got := serve(bearergate.Chain(configured(bearergate.Config{}), impatient, bearergate.RequireToken(slow)), get("token")); got.Status != 503 {
		t.Errorf("got %d, want 503", got.Status)
	}
}

// TestSettingsOfARequestAreNotKept has Configures that are made for a request around
// one that is not.
func TestSettingsOfARequestAreNotKept(t *testing.T) {
	handled := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	inner := bearergate.Chain(configured(bearergate.Config{Realm: "inner"}), configured(bearergate.Config{DefaultScope: "read"}))(handled)
	refused := bearergate.Require(func(*http.Request) error { return bearergate.ErrForbidden })(handled)
	for name, handler := range map[string]http.Handler{
		"a realm for each tenant": http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			configured(bearergate.Config{Realm: "tenant"})(inner).ServeHTTP(w, r)
		}),
		"a writer that serves a page": configured(bearergate.Config{ErrorWriter: func(w http.ResponseWriter, r *http.Request, _ *bearergate.Error) {
			inner.ServeHTTP(w, r)
		}})(refused),
	} {
		t.Run(name, func(t *testing.T) {
			const requests = 2000
			before := heap()
			for range requests {
				handler.ServeHTTP(httptest.NewRecorder(), get(""))
			}
			if got := (heap() - before) / requests; got > 100 {
				t.Errorf("got %d bytes kept for each request, want none", got)
			}
			handler.ServeHTTP(httptest.NewRecorder(), get(""))
		})
	}
}

// Rules: S1.42.
func TestObserverChangesNothingThatAnotherReceives(t *testing.T) {
	var got bearergate.Decision
	outer := configured(bearergate.Config{Observer: func(_ context.Context, d bearergate.Decision) { got = d }})
	inner := configured(bearergate.Config{Observer: func(_ context.Context, d bearergate.Decision) {
		var e *bearergate.Error
		if errors.As(d.Reason, &e) {
			*e = bearergate.Error{Code: bearergate.ErrServerError}
		}
	}})
	serve(bearergate.Chain(outer, inner, bearergate.RequireToken(issuer.Verifier())), get(""))
	if !errors.Is(got.Reason, bearergate.ErrInvalidToken) {
		t.Errorf("got the reason %v of a decision %s, want that of the guard", got.Reason, got.Code)
	}
}

// Rules: S6.30, S6.35.
func TestOuterLimitThatFailsIs503(t *testing.T) {
	broken := bearergate.LimitFailedAuthentication(brokenLimiter())
	works := bearergate.LimitFailedAuthentication(budgetOf(t, 100))
	reject := bearergate.RequireToken(failing(bearergate.ErrInvalidToken))
	refuses(t, bearergate.Chain(works, broken, reject), get("forged"), bearergate.ErrTemporarilyUnavailable)
	refuses(t, bearergate.Chain(broken, works, reject), get("forged"), bearergate.ErrTemporarilyUnavailable)
}
