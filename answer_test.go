package bearergate_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/sethvargo/go-limiter"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/bearergatetest"
)

var issuer = bearergatetest.NewIssuer()

// answer is what a client sees, and whether the handler behind the guards ran.
type answer struct {
	Status  int
	Header  http.Header
	Body    string
	Handled bool
}

func serve(guard bearergate.Middleware, r *http.Request) answer {
	handled := false
	handler := guard(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		handled = true
		io.WriteString(w, "handled\n")
	}))
	rec := httptest.NewRecorder()
	handler.ServeHTTP(rec, r)
	return answer{rec.Code, rec.Result().Header, rec.Body.String(), handled}
}

// get returns a GET request that carries the token; with an empty one, none.
func get(token string) *http.Request {
	return bearergatetest.NewRequest("GET", "/projects", token)
}

// as returns a GET request as it is behind RequireToken.
func as(c bearergate.Claims) *http.Request {
	r := get("")
	return r.WithContext(bearergatetest.ContextWithToken(r.Context(), c))
}

// with sets the parameter of the path, as a mux does.
func with(r *http.Request, name, value string) *http.Request {
	r.SetPathValue(name, value)
	return r
}

func passes(t *testing.T, guard bearergate.Middleware, r *http.Request) {
	t.Helper()
	if got := serve(guard, r); !got.Handled || got.Status != http.StatusOK {
		t.Errorf("got %d %q, want the handler to answer 200", got.Status, got.Body)
	}
}

func refuses(t *testing.T, guard bearergate.Middleware, r *http.Request, want bearergate.Code) answer {
	t.Helper()
	got := serve(guard, r)
	if got.Handled {
		t.Errorf("the handler ran, want it refused with %s", want)
	}
	wantBody := `{"error":"` + string(want) + "\"}\n"
	if want == bearergate.ErrMissingScope {
		wantBody = got.Body // has a member more; its tests compare it
	}
	if got.Status != want.Status() || got.Body != wantBody {
		t.Errorf("got %d %q, want %d %q", got.Status, got.Body, want.Status(), wantBody)
	}
	return got
}

// panics returns what f panicked with, to compare, and fails if it did not.
func panics(t *testing.T, f func()) (message any) {
	t.Helper()
	defer func() {
		if message = recover(); message == nil {
			t.Error("did not panic")
		}
	}()
	f()
	return nil
}

// accepting verifies every token as one with these claims.
func accepting(c bearergate.Claims) bearergate.Verifier {
	return bearergate.VerifierFunc(func(context.Context, string) (*bearergate.Token, error) {
		return bearergate.NewToken(c), nil
	})
}

// failing cannot tell about any token.
func failing(err error) bearergate.Verifier {
	return bearergate.VerifierFunc(func(context.Context, string) (*bearergate.Token, error) { return nil, err })
}

// limiterStore is a limiter.Store made of the one method that matters.
type limiterStore struct {
	limiter.Store // nil: the other methods are not to be called
	take          func(ctx context.Context, key string) (limit, remaining, reset uint64, ok bool, err error)
}

func (s limiterStore) Take(ctx context.Context, key string) (uint64, uint64, uint64, bool, error) {
	return s.take(ctx, key)
}

// stored returns a limiter of a store of go-limiter.
func stored(take func(ctx context.Context, key string) (limit, remaining, reset uint64, ok bool, err error)) bearergate.Limiter {
	return bearergate.NewStoreLimiter(limiterStore{take: take}, 0)
}

// exhausted is a limiter without anything left until reset.
func exhausted(limit uint64, reset time.Time) bearergate.LimiterFunc {
	return func(context.Context, string) (bearergate.Quota, error) {
		return bearergate.Quota{Limit: limit, Reset: reset}, nil
	}
}

// exhaustedFor is a limiter without anything left until this long after it is
// asked.
func exhaustedFor(limit uint64, left, window time.Duration) bearergate.LimiterFunc {
	return func(context.Context, string) (bearergate.Quota, error) {
		return bearergate.Quota{Limit: limit, Reset: time.Now().Add(left), Window: window}, nil
	}
}

var errInner = errors.New("inner-error 10.0.0.7:6379 password=hunter2")

// brokenLimiter fails, whatever it is asked.
func brokenLimiter() bearergate.Limiter {
	return bearergate.LimiterFunc(func(context.Context, string) (bearergate.Quota, error) { return bearergate.Quota{}, errInner })
}

// budgetOf returns a limiter in memory that the test closes.
func budgetOf(t testing.TB, requests uint64) bearergate.Limiter {
	return perWindow(t, requests, time.Minute)
}

func perWindow(t testing.TB, requests uint64, window time.Duration) *bearergate.MemoryLimiter {
	l, err := bearergate.PerWindow(requests, window)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// configured returns Configure with settings that have no fault.
func configured(c bearergate.Config) bearergate.Middleware {
	configure, err := bearergate.Configure(c)
	if err != nil {
		panic(err)
	}
	return configure
}
