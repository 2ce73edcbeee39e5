package bearergate_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/bearergatetest"
)

// serveHTTP is serve over loopback, for what ends goroutines and connections.
func serveHTTP(t *testing.T, guard bearergate.Middleware, token string) (status int, body string, handled bool) {
	t.Helper()
	server := httptest.NewUnstartedServer(guard(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		handled = true
		io.WriteString(w, "handled\n")
	})))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.Start()
	defer server.Close()
	r, err := http.NewRequest("GET", server.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, err.Error(), handled
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Errorf("got a body that was cut: %v", err)
	}
	return resp.StatusCode, string(text), handled
}

// Rules: S1.42, S1.43, S1.44.
func TestWritersChangeNoDecision(t *testing.T) {
	const documented = `{"error":"grant_revoked"}` + "\n"
	for _, c := range []struct {
		name   string
		writer bearergate.ErrorWriter
		body   string
	}{
		{"that answers with Refuse", func(w http.ResponseWriter, r *http.Request, e *bearergate.Error) { bearergate.Refuse(w, r, e) }, documented},
		{"that refuses with a code of its own", func(w http.ResponseWriter, r *http.Request, e *bearergate.Error) {
			bearergate.Refuse(w, r, bearergate.ErrForbidden)
		}, `{"error":"forbidden"}` + "\n"},
		{"that delegates", bearergate.WriteError, documented},
		{"that changes the error", func(w http.ResponseWriter, r *http.Request, e *bearergate.Error) {
			*e = bearergate.Error{Code: bearergate.ErrMissingScope, Required: "admin"}
			bearergate.WriteError(w, r, e)
		}, `{"error":"missing_scope","required":"admin"}` + "\n"},
		{"that changes it to nonsense", func(w http.ResponseWriter, r *http.Request, e *bearergate.Error) {
			e.Code = "teapot"
			bearergate.WriteError(w, r, e)
		}, `{"error":"server_error"}` + "\n"},
		{"that writes nil", func(w http.ResponseWriter, r *http.Request, _ *bearergate.Error) { bearergate.WriteError(w, r, nil) }, `{"error":"server_error"}` + "\n"},
		{"that panics", func(http.ResponseWriter, *http.Request, *bearergate.Error) { panic("writer") }, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			configure, seen := observing(bearergate.Config{ErrorWriter: c.writer})
			revoked := bearergate.Require(func(*http.Request) error { return bearergate.ErrGrantRevoked })
			var got answer
			if c.body == "" {
				if p := panics(t, func() { serve(bearergate.Chain(configure, revoked), get("")) }); p != "writer" {
					t.Errorf("got panic %v, want that of the writer", p)
				}
			} else {
				got = serve(bearergate.Chain(configure, revoked), get(""))
			}
			if got.Body != c.body || got.Handled {
				t.Errorf("got body %q and handled %v, want %q and false", got.Body, got.Handled, c.body)
			}
			if len(*seen) != 1 || (*seen)[0].Code != bearergate.ErrGrantRevoked || !errors.Is((*seen)[0].Reason, bearergate.ErrGrantRevoked) {
				t.Errorf("got decisions %v, want one grant_revoked", *seen)
			}
			refuses(t, revoked, get(""), bearergate.ErrGrantRevoked) // of another request
		})
	}
}

// Rules: S1.42, S1.43.
func TestObserversChangeNoAnswer(t *testing.T) {
	panicking := configured(bearergate.Config{Observer: func(context.Context, bearergate.Decision) { panic("observer") }})
	pass := bearergate.RequireToken(accepting(bearergatetest.InstallationClaims()))
	if status, body, handled := serveHTTP(t, bearergate.Chain(panicking, pass), "token"); status != 200 || body != "handled\n" || !handled {
		t.Errorf("a pass: got %d %q, want 200 and the handler's answer", status, body)
	}
	refuse := bearergate.RequireToken(failing(bearergate.ErrInvalidToken))
	if status, body, _ := serveHTTP(t, bearergate.Chain(panicking, refuse), "token"); status != 401 || body != `{"error":"invalid_token"}`+"\n" {
		t.Errorf("a refusal: got %d %q, want 401 invalid_token", status, body)
	}

	changing := configured(bearergate.Config{Observer: func(_ context.Context, d bearergate.Decision) {
		var e *bearergate.Error
		if errors.As(d.Reason, &e) {
			e.Code, e.Required = bearergate.ErrServerError, "changed"
		}
	}})
	scope := bearergate.Chain(changing, pass, bearergate.RequireAnyScope("a"))
	for range 2 {
		if got := refuses(t, scope, get("token"), bearergate.ErrMissingScope); got.Body != `{"error":"missing_scope","required":"a"}`+"\n" {
			t.Errorf("got %q, want required a", got.Body)
		}
	}
}

func TestPanicOfAHandlerGoesOnBehindAnObserverThatPanics(t *testing.T) {
	configure := configured(bearergate.Config{Observer: func(context.Context, bearergate.Decision) { panic("observer") }})
	guard := bearergate.Require(func(*http.Request) error { return nil })
	got := panics(t, func() {
		configure(guard(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("handler") }))).ServeHTTP(httptest.NewRecorder(), get(""))
	})
	if got != "handler" {
		t.Errorf("got panic %v, want the handler's", got)
	}
}

// TestRefusalOfAnUnguardedHandlerIsObserved is of a route without any guard.
func TestRefusalOfAnUnguardedHandlerIsObserved(t *testing.T) {
	configure, seen := observing(bearergate.Config{})
	configure(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		bearergate.Refuse(w, r, bearergate.ErrForbidden)
	})).ServeHTTP(httptest.NewRecorder(), get(""))
	if len(*seen) != 1 || (*seen)[0].Code != bearergate.ErrForbidden {
		t.Errorf("got decisions %v, want one forbidden", *seen)
	}
}

// failures are the ways in which a limiter can fail.
var failures = map[string]func(ctx context.Context) error{
	"by an error":                     func(context.Context) error { return errInner },
	"by an error that is one of ours": func(context.Context) error { return bearergate.ErrRateLimited },
	"by an error that is one with detail": func(context.Context) error {
		return fmt.Errorf("%w", &bearergate.Error{Code: bearergate.ErrGrantRevoked})
	},
	"by a panic":                        func(context.Context) error { panic("no connection") },
	"by a panic of net/http's":          func(context.Context) error { panic(http.ErrAbortHandler) },
	"by runtime.Goexit":                 func(context.Context) error { runtime.Goexit(); return nil },
	"by waiting until its context ends": func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() },
	"by its deadline": func(ctx context.Context) error {
		if _, ok := ctx.Deadline(); !ok {
			panic("no deadline")
		}
		return context.DeadlineExceeded
	},
}

// TestLimiterThatFailsInAnyWayCannotTell holds for limiters and for stores of
// go-limiter, in both of their places.
//
// Rules: S6.16.
func TestLimiterThatFailsInAnyWayCannotTell(t *testing.T) {
	for name, fail := range failures {
		for kind, l := range map[string]bearergate.Limiter{
			"limiter": bearergate.LimiterFunc(func(ctx context.Context, _ string) (bearergate.Quota, error) {
				return bearergate.Quota{}, fail(ctx)
			}),
			"store": stored(func(ctx context.Context, _ string) (uint64, uint64, uint64, bool, error) {
				return 0, 0, 0, false, fail(ctx)
			}),
		} {
			for place, guard := range map[string]bearergate.Middleware{
				"RateLimit":                 bearergate.Chain(bearergate.RequireToken(accepting(bearergatetest.InstallationClaims())), bearergate.RateLimit(l)),
				"LimitFailedAuthentication": bearergate.Chain(bearergate.LimitFailedAuthentication(l), bearergate.RequireToken(failing(bearergate.ErrInvalidToken))),
			} {
				t.Run(fmt.Sprint(kind, " ", name, " in ", place), func(t *testing.T) {
					status, body, handled := serveHTTP(t, guard, "token")
					if status != 503 || body != `{"error":"temporarily_unavailable"}`+"\n" || handled {
						t.Errorf("got %d %q, handled %v; want 503 temporarily_unavailable, and not handled", status, body, handled)
					}
				})
			}
		}
	}
}

// TestLimiterIsNotEndedByAClientThatLeft also holds that its context has the
// request's values.
func TestLimiterIsNotEndedByAClientThatLeft(t *testing.T) {
	type key struct{}
	var kept context.Context
	guard := bearergate.RateLimit(bearergate.LimiterFunc(func(ctx context.Context, _ string) (bearergate.Quota, error) {
		kept = ctx
		return bearergate.Quota{Limit: 1, Allowed: ctx.Err() == nil && ctx.Value(key{}) == "value"}, nil
	}))
	ctx, cancel := context.WithCancel(context.WithValue(t.Context(), key{}, "value"))
	cancel()
	passes(t, guard, get("").WithContext(bearergatetest.ContextWithToken(ctx, bearergatetest.InstallationClaims())))
	if kept.Err() == nil {
		t.Error("got a context that lives on when the limiter has returned, want it ended")
	}
}

// Rules: S6.15.
func TestRetryAfterIsNeverUnderTheFields(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		for _, left := range []time.Duration{-time.Hour, 0, 1, time.Second - 1, time.Second, time.Second + 1, time.Minute, 30 * 24 * time.Hour} {
			limits := bearergate.Chain(
				bearergate.RateLimit(exhausted(5, start.Add(left))),
			)
			h := refuses(t, limits, as(bearergatetest.InstallationClaims()), bearergate.ErrRateLimited).Header
			want := fmt.Sprintf(`"installation";r=0;t=%s`, h.Get("Retry-After"))
			if got := h.Get("RateLimit"); got != want {
				t.Errorf("%v left: got %s, want %s", left, got, want)
			}
		}
	})
}

// TestTwoBudgetsInOneChainCompose holds that both count and both are in the
// fields, and that a client that waits as long as it has to for the one does not
// run into the other.
//
// Rules: S6.35.
func TestTwoBudgetsInOneChainCompose(t *testing.T) {
	fixed := func(window time.Duration, limit uint64) bearergate.Limiter {
		var ends time.Time
		var n uint64
		return bearergate.LimiterFunc(func(context.Context, string) (bearergate.Quota, error) {
			if !time.Now().Before(ends) {
				ends, n = time.Now().Add(window), 0
			}
			n++
			return bearergate.Quota{Limit: limit, Remaining: limit - min(n, limit), Reset: ends, Window: window, Allowed: n <= limit}, nil
		})
	}
	for name, order := range map[string]func(minute, second bearergate.Limiter) []bearergate.Limiter{
		"long outside": func(minute, second bearergate.Limiter) []bearergate.Limiter {
			return []bearergate.Limiter{minute, second}
		},
		"short outside": func(minute, second bearergate.Limiter) []bearergate.Limiter {
			return []bearergate.Limiter{second, minute}
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				limits := order(fixed(time.Minute, 4), fixed(time.Second, 2))
				names := []string{"installation", "burst"}
				if name == "short outside" {
					slices.Reverse(names)
				}
				guard := bearergate.Chain(
					bearergate.RateLimit(limits[0], bearergate.WithPolicyName(names[0])), bearergate.RateLimit(limits[1], bearergate.WithPolicyName(names[1])))
				got := serve(guard, as(bearergatetest.InstallationClaims()))
				want := http.Header{
					"Content-Type":     {"text/plain; charset=utf-8"},
					"Ratelimit-Policy": {`"installation";q=4;w=60`, `"burst";q=2;w=1`},
					"Ratelimit":        {`"installation";r=3;t=60`, `"burst";r=1;t=1`},
				}
				if name == "short outside" {
					for _, name := range []string{"Ratelimit", "Ratelimit-Policy"} {
						slices.Reverse(want[name])
					}
				}
				if diff := cmp.Diff(want, got.Header); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
				if name == "short outside" {
					return // it does not know what the long one will say
				}
				passed := 1
				for range 200 {
					got := serve(guard, as(bearergatetest.InstallationClaims()))
					if got.Status == 200 {
						passed++
						continue
					}
					wait, err := time.ParseDuration(got.Header.Get("Retry-After") + "s")
					if err != nil {
						t.Fatal(err)
					}
					time.Sleep(wait)
					if got := serve(guard, as(bearergatetest.InstallationClaims())); got.Status != 200 {
						t.Fatalf("after the %v that Retry-After said: got %d, want 200", wait, got.Status)
					}
					passed++
				}
				if passed < 200 {
					t.Errorf("got %d passes, want at least 200", passed)
				}
			})
		})
	}
}
