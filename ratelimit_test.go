package bearergate_test

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/bearergatetest"
)

func ofInstallation(id string) bearergate.Claims {
	c := bearergatetest.InstallationClaims()
	c.InstallationID = id
	return c
}

// Rules: S6.10, S6.19.
func TestExactlyTheBudgetPasses(t *testing.T) {
	guard := bearergate.RateLimit(budgetOf(t, bearergate.DefaultRequestsPerMinute))
	var passed, limited atomic.Int64
	var wg sync.WaitGroup
	for range 2200 {
		wg.Go(func() {
			switch serve(guard, as(bearergatetest.InstallationClaims())).Status {
			case 200:
				passed.Add(1)
			case 429:
				limited.Add(1)
			}
		})
	}
	wg.Wait()
	if passed.Load() != 1000 || limited.Load() != 1200 {
		t.Errorf("%d passed and %d were limited, want 1000 and 1200", passed.Load(), limited.Load())
	}
}

// Rules: S6.1, S6.3.
func TestInstallationsShareNoBudget(t *testing.T) {
	claims := func(installation, grant, subject, client string) bearergate.Claims {
		return bearergate.Claims{
			Type: bearergate.InstallationToken, InstallationID: installation, GrantID: grant, Subject: subject, ClientID: client,
		}
	}
	// Each of these is a caller of its own, however alike the ids look.
	callers := []bearergate.Claims{
		claims("a", "", "", ""), claims("b", "", "", ""), claims("", "a", "", ""),
		claims("", "", "a", ""), claims("", "", "", "a"), claims("", "", "a", "a"), claims("", "", "a:a", ""),
		claims("", "", "a:", "a"), claims("", "", "a", ":a"), claims("", "", "", "a:a"), claims("", "", "1:a", ""),
		claims("grant:a", "", "", ""), claims("subject:1:a:", "", "", ""), claims("", "subject:1:a:", "", ""),
		claims("a\x00", "", "", ""), claims("a ", "", "", ""), claims("A", "", "", ""), claims("address:192.0.2.1", "", "", ""),
	}
	guard := bearergate.RateLimit(budgetOf(t, 1))
	for _, c := range callers {
		passes(t, guard, as(c))
	}
	for _, c := range callers {
		refuses(t, guard, as(c), bearergate.ErrRateLimited)
	}
}

// Rules: S6.44.
func TestBudgetOfAUserIsNamedSo(t *testing.T) {
	guard := bearergate.RateLimit(budgetOf(t, 5))
	for _, c := range []struct {
		claims bearergate.Claims
		want   string
	}{
		{bearergate.Claims{Type: bearergate.AccessToken, Subject: "user-1"}, `"user";q=5;w=60`},
		{bearergate.Claims{Type: bearergate.AccessToken, Subject: "user-1", GrantID: "grant-1"}, `"installation";q=5;w=60`},
		{bearergate.Claims{Type: bearergate.InstallationToken, InstallationID: "installation-1"}, `"installation";q=5;w=60`},
		{bearergate.Claims{Type: bearergate.AccessToken, Subject: "user-2", Issuer: "https://a.example"}, `"user";q=5;w=60`},
	} {
		h := serve(guard, as(c.claims)).Header
		if got := h.Get("RateLimit-Policy"); got != c.want {
			t.Errorf("%+v: got %s, want %s", c.claims, got, c.want)
		}
	}
}

// Rules: S6.37, S6.44.
func TestUsersOfTwoIssuersShareNoBudget(t *testing.T) {
	guard := bearergate.RateLimit(budgetOf(t, 1))
	for _, issuer := range []string{"", "https://a.example", "https://b.example"} {
		passes(t, guard, as(bearergate.Claims{Type: bearergate.AccessToken, Issuer: issuer, Subject: "user-1", ClientID: "app-1"}))
	}
}

// Rules: S6.1, S6.2.
func TestTokensOfAnInstallationShareItsBudget(t *testing.T) {
	guard := bearergate.RateLimit(budgetOf(t, 1))
	first, second := ofInstallation("shared"), ofInstallation("shared")
	first.Subject, first.GrantID, first.ClientID = "alice", "g1", "app-1"
	second.Subject, second.GrantID, second.ClientID = "bob", "g2", "app-2"
	second.Type = bearergate.AccessToken
	passes(t, guard, as(first))
	refuses(t, guard, as(second), bearergate.ErrRateLimited)
}

// Rules: S6.5.
func TestFailedAuthenticationCostsNoInstallation(t *testing.T) {
	asked := 0
	guard := bearergate.Chain(bearergate.RequireToken(issuer.Verifier()), bearergate.RateLimit(
		bearergate.LimiterFunc(func(context.Context, string) (bearergate.Quota, error) {
			asked++
			return bearergate.Quota{Limit: 1, Allowed: true}, nil
		})))
	refuses(t, guard, get(""), bearergate.ErrInvalidToken)
	refuses(t, guard, get(issuer.InstallationToken(bearergatetest.Expired())), bearergate.ErrInvalidToken)
	refuses(t, guard, get(bearergatetest.NewStranger().InstallationToken()), bearergate.ErrInvalidToken)
	if asked != 0 {
		t.Errorf("the limiter was asked %d times, want never", asked)
	}
}

// Rules: S6.12, S6.13.
func TestRateLimitFieldsTellWhatIsLeft(t *testing.T) {
	guard := bearergate.RateLimit(budgetOf(t, 2))
	for _, remaining := range []int{1, 0, 0} {
		h := serve(guard, as(bearergatetest.InstallationClaims())).Header
		if got, want := h.Get("RateLimit-Policy"), `"installation";q=2;w=60`; got != want {
			t.Errorf("got RateLimit-Policy %q, want %q", got, want)
		}
		if got, want := h.Get("RateLimit"), fmt.Sprintf(`"installation";r=%d;t=`, remaining); !strings.HasPrefix(got, want) {
			t.Errorf("got RateLimit %q, want %q", got, want)
		}
	}
}

func TestHeaderOfOneAnswerIsNotThatOfAnother(t *testing.T) {
	handler := bearergate.RateLimit(budgetOf(t, 100))(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	first, second := httptest.NewRecorder(), httptest.NewRecorder()
	handler.ServeHTTP(first, as(bearergatetest.InstallationClaims()))
	h := first.Header()
	h["Ratelimit-Policy"][0] = "changed"
	_ = append(h["Ratelimit-Policy"], "more")
	if got := h.Get("RateLimit"); !strings.HasPrefix(got, `"installation";r=99;t=`) {
		t.Errorf("one field's slice reaches into the other: %q", got)
	}
	handler.ServeHTTP(second, as(bearergatetest.InstallationClaims()))
	if got := second.Header().Get("RateLimit-Policy"); got != `"installation";q=100;w=60` {
		t.Errorf("got %q", got)
	}
}

// TestPolicyIsThatOfTheKey is a store that gives some installations more.
//
// Rules: S6.13.
func TestPolicyIsThatOfTheKey(t *testing.T) {
	limit := uint64(0)
	guard := bearergate.RateLimit(stored(func(context.Context, string) (uint64, uint64, uint64, bool, error) {
		return limit, 1, uint64(time.Now().Add(time.Minute).UnixNano()), true, nil
	}))
	for _, limit = range []uint64{1000, 5, 5, 1000} {
		want := fmt.Sprintf(`"installation";q=%d`, limit)
		if got := serve(guard, as(bearergatetest.InstallationClaims())).Header.Get("RateLimit-Policy"); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func TestStoreWithoutLimitSetsNoFields(t *testing.T) {
	store := stored(func(context.Context, string) (uint64, uint64, uint64, bool, error) { return 0, 0, 0, true, nil })
	got := serve(bearergate.RateLimit(store), as(bearergatetest.InstallationClaims()))
	if !got.Handled || got.Header.Get("RateLimit") != "" || got.Header.Get("RateLimit-Policy") != "" {
		t.Errorf("got %v, want a pass without fields", got)
	}
}

// Rules: S6.14.
func TestUnknownWindowIsLeftOut(t *testing.T) {
	short := perWindow(t, 5, 100*time.Millisecond) // has no whole seconds
	for _, l := range []bearergate.Limiter{exhaustedFor(5, time.Minute, 0), short} {
		got := serve(bearergate.RateLimit(l), as(bearergatetest.InstallationClaims()))
		if want := `"installation";q=5`; got.Header.Get("RateLimit-Policy") != want {
			t.Errorf("got %q, want %q", got.Header.Get("RateLimit-Policy"), want)
		}
	}
}

// Rules: S6.13.
func TestNumbersOfAStoreFitTheFields(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const most = math.MaxUint64
		store := stored(func(context.Context, string) (uint64, uint64, uint64, bool, error) {
			return most, most, most, true, nil
		})
		h := serve(bearergate.RateLimit(store), as(bearergatetest.InstallationClaims())).Header
		if got, want := h.Get("RateLimit-Policy"), `"installation";q=999999999999999`; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
		if got, want := h.Get("RateLimit"), `"installation";r=999999999999999;t=8276687237`; got != want { // the year 2262
			t.Errorf("got %q, want %q", got, want)
		}
	})
}

// TestBudgetOutlivesTheSweep waits for the limiter to drop what it may drop, while
// others make it sweep.
//
// Rules: S6.11.
func TestBudgetOutlivesTheSweep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		limiter := perWindow(t, 1, time.Second)
		guard := bearergate.RateLimit(limiter)
		time.Sleep(400 * time.Millisecond)
		passes(t, guard, as(bearergatetest.InstallationClaims()))
		for range 999 {
			time.Sleep(time.Millisecond)
			takeEach(t, limiter, []string{"another"})
		}
		refuses(t, guard, as(bearergatetest.InstallationClaims()), bearergate.ErrRateLimited)
		time.Sleep(time.Millisecond)
		passes(t, guard, as(bearergatetest.InstallationClaims()))
	})
}

// TestRetryAfterIsTrue waits exactly as long as it was told, on a clock of its
// own, and passes; a nanosecond earlier it would not have.
//
// Rules: S1.29.
func TestRetryAfterIsTrue(t *testing.T) {
	for _, left := range []time.Duration{1, time.Second, 1500 * time.Millisecond, 59*time.Second + 1} {
		synctest.Test(t, func(t *testing.T) {
			reset := time.Now().Add(left)
			guard := bearergate.RateLimit(bearergate.LimiterFunc(func(context.Context, string) (bearergate.Quota, error) {
				if time.Now().Before(reset) {
					return bearergate.Quota{Limit: 1, Reset: reset}, nil
				}
				return bearergate.Quota{Limit: 1, Reset: reset.Add(time.Minute), Allowed: true}, nil
			}))
			got := refuses(t, guard, as(bearergatetest.InstallationClaims()), bearergate.ErrRateLimited)
			seconds, err := strconv.Atoi(got.Header.Get("Retry-After"))
			if err != nil {
				t.Fatal(err)
			}
			if wait := time.Duration(seconds) * time.Second; wait < left || wait >= left+time.Second {
				t.Errorf("told to wait %v, want %v rounded up", wait, left)
			}
			time.Sleep(time.Duration(seconds) * time.Second)
			passes(t, guard, as(bearergatetest.InstallationClaims()))
		})
	}
}

// TestRetryAfterIsTrueOfMemoryLimiter does the same with the limiter of the library.
//
// Rules: S1.29, S6.11.
func TestRetryAfterIsTrueOfMemoryLimiter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		guard := bearergate.RateLimit(perWindow(t, 1, 900*time.Millisecond))
		passes(t, guard, as(bearergatetest.InstallationClaims()))
		got := refuses(t, guard, as(bearergatetest.InstallationClaims()), bearergate.ErrRateLimited)
		if got.Header.Get("Retry-After") != "1" {
			t.Fatalf("got Retry-After %q, want 1", got.Header.Get("Retry-After"))
		}
		time.Sleep(time.Second)
		passes(t, guard, as(bearergatetest.InstallationClaims()))
	})
}

func TestClosedBudgetCannotTell(t *testing.T) {
	closed := perWindow(t, 1, time.Minute)
	closed.Close()
	refuses(t, bearergate.RateLimit(closed), as(bearergatetest.InstallationClaims()), bearergate.ErrTemporarilyUnavailable)
}

// Rules: S6.16.
func TestLimiterThatIsLateCannotTellThoughItsTimerIsLateToo(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1)) // the timer has no processor
	busy := bearergate.LimiterFunc(func(ctx context.Context, _ string) (bearergate.Quota, error) {
		deadline, _ := ctx.Deadline()
		for time.Now().Before(deadline.Add(time.Millisecond)) {
		}
		return bearergate.Quota{Limit: 1, Allowed: true}, nil
	})
	limit := bearergate.RateLimit(busy, bearergate.WithLimiterTimeout(time.Millisecond))
	refuses(t, limit, as(bearergatetest.InstallationClaims()), bearergate.ErrTemporarilyUnavailable)
}

// Rules: S6.16.
func TestStoreThatIsLateCannotTell(t *testing.T) {
	for name, wait := range map[string]func(ctx context.Context){
		"and honours its context": func(ctx context.Context) { <-ctx.Done() },
		"and ignores its context": func(context.Context) { time.Sleep(time.Hour) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store := stored(func(ctx context.Context, _ string) (uint64, uint64, uint64, bool, error) {
					wait(ctx)
					return 1, 1, 0, true, ctx.Err()
				})
				start := time.Now()
				refuses(t, bearergate.RateLimit(store), as(bearergatetest.InstallationClaims()), bearergate.ErrTemporarilyUnavailable)
				if got := time.Since(start); got != bearergate.DefaultLimiterTimeout {
					t.Errorf("answered after %v, want %v", got, bearergate.DefaultLimiterTimeout)
				}
				start = time.Now()
				refuses(t, bearergate.RateLimit(store, bearergate.WithLimiterTimeout(time.Second)), as(bearergatetest.InstallationClaims()), bearergate.ErrTemporarilyUnavailable)
				if got := time.Since(start); got != time.Second {
					t.Errorf("answered after %v, want a second", got)
				}
				time.Sleep(time.Hour) // until the store has come back
			})
		})
	}
}

// Rules: S6.16, S6.20.
func TestStoreThatHangsIsNotCalledWithoutBound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls atomic.Int64
		hanging := make(chan struct{})
		guard := bearergate.RateLimit(stored(func(context.Context, string) (uint64, uint64, uint64, bool, error) {
			calls.Add(1)
			<-hanging
			return 1, 1, 0, true, nil
		}))
		for range 1000 {
			refuses(t, guard, as(bearergatetest.InstallationClaims()), bearergate.ErrTemporarilyUnavailable)
		}
		if got := calls.Load(); got != 256 {
			t.Errorf("the store was called %d times while it hung, want 256", got)
		}
		close(hanging)
		synctest.Wait()
		passes(t, guard, as(bearergatetest.InstallationClaims()))
	})
}

// Rules: S6.20.
func TestClientsThatLeaveDoNotMakeAStoreFail(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		guard := bearergate.RateLimit(stored(func(context.Context, string) (uint64, uint64, uint64, bool, error) {
			time.Sleep(10 * time.Millisecond)
			return 1, 1, 0, true, nil
		}))
		var wg sync.WaitGroup
		for range 1000 {
			wg.Go(func() {
				ctx, cancel := context.WithCancel(context.Background())
				cancel()
				serve(guard, as(bearergatetest.InstallationClaims()).WithContext(bearergatetest.ContextWithToken(ctx, bearergatetest.InstallationClaims())))
			})
		}
		time.Sleep(time.Millisecond)
		passes(t, guard, as(bearergatetest.InstallationClaims()))
		wg.Wait()
	})
}

// TestFallbackOutlivesAStoreThatHangs holds that the calls left behind in one
// store are not held against the other.
//
// Rules: S6.17.
func TestFallbackOutlivesAStoreThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hanging := make(chan struct{})
		defer close(hanging)
		guard := bearergate.RateLimit(
			stored(func(context.Context, string) (uint64, uint64, uint64, bool, error) {
				<-hanging
				return 0, 0, 0, false, nil
			}),
			bearergate.WithFallback(stored(func(context.Context, string) (uint64, uint64, uint64, bool, error) {
				return 1, 1, 0, true, nil
			})))
		for range 400 {
			passes(t, guard, as(bearergatetest.InstallationClaims()))
		}
	})
}

// Rules: S6.16.
func TestStoreThatPanicsCannotTell(t *testing.T) {
	store := stored(func(context.Context, string) (uint64, uint64, uint64, bool, error) { panic("no connection") })
	refuses(t, bearergate.RateLimit(store), as(bearergatetest.InstallationClaims()), bearergate.ErrTemporarilyUnavailable)
}

// Rules: S6.17, S6.18.
func TestFallbackLimitsLocallyAndIsSeen(t *testing.T) {
	var seen []bearergate.Decision
	guard := bearergate.Chain(
		configured(bearergate.Config{Observer: func(_ context.Context, d bearergate.Decision) {
			seen = append(seen, bearergate.Decision{Method: d.Method, Code: d.Code, Degraded: d.Degraded})
		}}),
		bearergate.RateLimit(brokenLimiter(), bearergate.WithFallback(budgetOf(t, 1))))
	passes(t, guard, as(bearergatetest.InstallationClaims()))
	got := refuses(t, guard, as(bearergatetest.InstallationClaims()), bearergate.ErrRateLimited)
	if want := `"installation";q=1;w=60`; got.Header.Get("RateLimit-Policy") != want {
		t.Errorf("got %q, want the fallback's %q", got.Header.Get("RateLimit-Policy"), want)
	}
	want := []bearergate.Decision{
		{Method: "GET", Degraded: true},
		{Method: "GET", Degraded: true, Code: bearergate.ErrRateLimited},
	}
	if diff := cmp.Diff(want, seen); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	refuses(t, bearergate.RateLimit(brokenLimiter(), bearergate.WithFallback(brokenLimiter())), as(bearergatetest.InstallationClaims()), bearergate.ErrTemporarilyUnavailable)
}

// TestLimiterThatFailsIsNamed has the log say which limiter failed, and why: with a
// fallback too, and if it had no answer in time.
//
// Rules: S6.16, S6.18.
func TestLimiterThatFailsIsNamed(t *testing.T) {
	hanging := bearergate.LimiterFunc(func(ctx context.Context, _ string) (bearergate.Quota, error) {
		<-ctx.Done()
		return bearergate.Quota{}, ctx.Err()
	})
	const failed, late = `the limiter of the budget \"installation\" failed: `, `the limiter of the budget \"installation\" had no answer within 50ms: context deadline exceeded`
	for name, c := range map[string]struct {
		limiter bearergate.Limiter
		opts    []bearergate.RateLimitOption
		want    string
	}{
		"down":                     {brokenLimiter(), nil, `level=ERROR msg="request refused" code=temporarily_unavailable reason="` + failed},
		"down, with a fallback":    {brokenLimiter(), []bearergate.RateLimitOption{bearergate.WithFallback(budgetOf(t, 1))}, `limiter_failure="` + failed},
		"hanging":                  {hanging, nil, `reason="` + late},
		"hanging, with a fallback": {hanging, []bearergate.RateLimitOption{bearergate.WithFallback(budgetOf(t, 1))}, `limiter_failure="` + late},
	} {
		var log strings.Builder
		observer := bearergate.LogDecisions(slog.New(slog.NewTextHandler(&log, nil)))
		serve(bearergate.Chain(configured(bearergate.Config{Observer: observer}), bearergate.RateLimit(c.limiter, c.opts...)), as(bearergatetest.InstallationClaims()))
		if !strings.Contains(log.String(), c.want) {
			t.Errorf("%s: got the log %s, want %s", name, log.String(), c.want)
		}
	}
}

// usualChain is the guards of a route, and a request whose token they have seen
// before.
func usualChain(t testing.TB) (http.Handler, *http.Request) {
	chain := bearergate.Chain(
		bearergate.RequireToken(issuer.Verifier()),
		bearergate.RateLimit(budgetOf(t, 1<<40)),
		bearergate.RequireOrg(bearergate.PathValue("org")),
		bearergate.RequireScope("a"),
	)(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	r := with(get(issuer.InstallationToken(bearergatetest.WithScopes("a"))), "org", "acme")
	chain.ServeHTTP(httptest.NewRecorder(), r)
	return chain, r
}

func BenchmarkChain(b *testing.B) {
	chain, r := usualChain(b)
	rec := httptest.NewRecorder()
	b.ReportAllocs()
	for b.Loop() {
		clear(rec.Header())
		chain.ServeHTTP(rec, r)
	}
}
