package bearergate_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/bearergatetest"
	"github.com/google/go-cmp/cmp"
)

func installation(id string) bearergate.Claims {
	c := bearergatetest.Claims()
	c.InstallationID = id
	return c
}

func TestExactlyTheBudgetPasses(t *testing.T) {
	guard := bearergate.RateLimit(budgetOf(t, bearergate.DefaultRequestsPerMinute))
	var passed, limited atomic.Int64
	var wg sync.WaitGroup
	for range 2200 {
		wg.Go(func() {
			switch serve(guard, as(bearergatetest.Claims())).Status {
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
		refuses(t, guard, as(c), bearergate.CodeRateLimited)
	}
}

func TestTokensOfAnInstallationShareItsBudget(t *testing.T) {
	guard := bearergate.RateLimit(budgetOf(t, 1))
	first, second := installation("shared"), installation("shared")
	first.Subject, first.GrantID, first.ClientID = "alice", "g1", "app-1"
	second.Subject, second.GrantID, second.ClientID = "bob", "g2", "app-2"
	second.Type = bearergate.AccessToken
	passes(t, guard, as(first))
	refuses(t, guard, as(second), bearergate.CodeRateLimited)
}

func TestFailedAuthenticationCostsNoInstallation(t *testing.T) {
	asked := 0
	store := exhausted(1, time.Now())
	store.take = func(context.Context, string) (uint64, uint64, uint64, bool, error) {
		asked++
		return 1, 0, 0, true, nil
	}
	guard := bearergate.Chain(bearergate.RequireToken(issuer.Verifier()), bearergate.RateLimit(store))
	refuses(t, guard, get(""), bearergate.CodeInvalidToken)
	refuses(t, guard, get(issuer.InstallationToken(bearergatetest.Expired())), bearergate.CodeInvalidToken)
	refuses(t, guard, get(bearergatetest.NewStranger().InstallationToken()), bearergate.CodeInvalidToken)
	if asked != 0 {
		t.Errorf("the store was asked %d times", asked)
	}
}

func TestRateLimitFieldsTellWhatIsLeft(t *testing.T) {
	guard := bearergate.RateLimit(budgetOf(t, 2))
	for _, remaining := range []int{1, 0, 0} {
		h := serve(guard, as(bearergatetest.Claims())).Header
		if got, want := h.Get("RateLimit-Policy"), `"installation";q=2;w=60`; got != want {
			t.Errorf("got RateLimit-Policy %q, want %q", got, want)
		}
		if got, want := h.Get("RateLimit"), fmt.Sprintf(`"installation";r=%d;t=60`, remaining); got != want {
			t.Errorf("got RateLimit %q, want %q", got, want)
		}
	}
}

func TestHeaderOfOneAnswerIsNotThatOfAnother(t *testing.T) {
	handler := bearergate.RateLimit(budgetOf(t, 100))(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	first, second := httptest.NewRecorder(), httptest.NewRecorder()
	handler.ServeHTTP(first, as(bearergatetest.Claims()))
	h := first.Header()
	h["Ratelimit-Policy"][0] = "changed"
	_ = append(h["Ratelimit-Policy"], "more")
	if got := h.Get("RateLimit"); got != `"installation";r=99;t=60` {
		t.Errorf("one field's slice reaches into the other: %q", got)
	}
	handler.ServeHTTP(second, as(bearergatetest.Claims()))
	if got := second.Header().Get("RateLimit-Policy"); got != `"installation";q=100;w=60` {
		t.Errorf("got %q", got)
	}
}

func TestStoreWithoutLimitSetsNoFields(t *testing.T) {
	store := limiterStore{take: func(context.Context, string) (uint64, uint64, uint64, bool, error) { return 0, 0, 0, true, nil }}
	got := serve(bearergate.RateLimit(store), as(bearergatetest.Claims()))
	if !got.Handled || got.Header.Get("RateLimit") != "" || got.Header.Get("RateLimit-Policy") != "" {
		t.Errorf("got %v, want a pass without fields", got)
	}
}

func TestWindowThatNobodyKnowsIsNotTold(t *testing.T) {
	got := serve(bearergate.RateLimit(exhausted(5, time.Now().Add(time.Minute))), as(bearergatetest.Claims()))
	if want := `"installation";q=5`; got.Header.Get("RateLimit-Policy") != want {
		t.Errorf("got %q, want %q", got.Header.Get("RateLimit-Policy"), want)
	}
}

// TestRetryAfterIsTrue waits exactly as long as it was told, on a clock of its
// own, and passes; a nanosecond earlier it would not have.
func TestRetryAfterIsTrue(t *testing.T) {
	for _, left := range []time.Duration{1, time.Second, 1500 * time.Millisecond, 59*time.Second + 1} {
		synctest.Test(t, func(t *testing.T) {
			reset := time.Now().Add(left)
			store := exhausted(1, reset)
			refused := store.take
			store.take = func(ctx context.Context, key string) (uint64, uint64, uint64, bool, error) {
				if time.Now().Before(reset) {
					return refused(ctx, key)
				}
				return 1, 0, uint64(reset.Add(time.Minute).UnixNano()), true, nil
			}
			guard := bearergate.RateLimit(store)
			got := refuses(t, guard, as(bearergatetest.Claims()), bearergate.CodeRateLimited)
			seconds, err := strconv.Atoi(got.Header.Get("Retry-After"))
			if err != nil {
				t.Fatal(err)
			}
			if wait := time.Duration(seconds) * time.Second; wait < left || wait >= left+time.Second {
				t.Errorf("told to wait %v, want %v rounded up", wait, left)
			}
			time.Sleep(time.Duration(seconds) * time.Second)
			passes(t, guard, as(bearergatetest.Claims()))
		})
	}
}

// TestRetryAfterIsTrueOfTheRealStore does the same on the real clock, which is
// the only one that go-limiter's store knows.
func TestRetryAfterIsTrueOfTheRealStore(t *testing.T) {
	store := bearergate.PerWindow(1, 900*time.Millisecond)
	defer store.Close(context.Background())
	guard := bearergate.RateLimit(store)
	passes(t, guard, as(bearergatetest.Claims()))
	got := refuses(t, guard, as(bearergatetest.Claims()), bearergate.CodeRateLimited)
	if got.Header.Get("Retry-After") != "1" {
		t.Fatalf("got Retry-After %q, want 1", got.Header.Get("Retry-After"))
	}
	<-time.After(time.Second)
	passes(t, guard, as(bearergatetest.Claims()))
}

func TestClosedBudgetCannotTell(t *testing.T) {
	store := bearergate.PerMinute(1)
	store.Close(context.Background())
	refuses(t, bearergate.RateLimit(store), as(bearergatetest.Claims()), bearergate.CodeTemporarilyUnavailable)
}

func TestStoreThatIsLateCannotTell(t *testing.T) {
	for name, wait := range map[string]func(ctx context.Context){
		"and honours its context": func(ctx context.Context) { <-ctx.Done() },
		"and ignores its context": func(context.Context) { time.Sleep(time.Hour) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store := limiterStore{take: func(ctx context.Context, _ string) (uint64, uint64, uint64, bool, error) {
					wait(ctx)
					return 1, 1, 0, true, ctx.Err()
				}}
				start := time.Now()
				refuses(t, bearergate.RateLimit(store), as(bearergatetest.Claims()), bearergate.CodeTemporarilyUnavailable)
				if got := time.Since(start); got != bearergate.DefaultStoreTimeout {
					t.Errorf("answered after %v, want %v", got, bearergate.DefaultStoreTimeout)
				}
				start = time.Now()
				refuses(t, bearergate.RateLimit(store, bearergate.WithStoreTimeout(time.Second)), as(bearergatetest.Claims()), bearergate.CodeTemporarilyUnavailable)
				if got := time.Since(start); got != time.Second {
					t.Errorf("answered after %v, want a second", got)
				}
				time.Sleep(time.Hour) // until the store has come back
			})
		})
	}
}

func TestStoreThatHangsIsNotCalledWithoutBound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls atomic.Int64
		hanging := make(chan struct{})
		guard := bearergate.RateLimit(limiterStore{take: func(context.Context, string) (uint64, uint64, uint64, bool, error) {
			calls.Add(1)
			<-hanging
			return 1, 1, 0, true, nil
		}})
		for range 1000 {
			refuses(t, guard, as(bearergatetest.Claims()), bearergate.CodeTemporarilyUnavailable)
		}
		if got := calls.Load(); got != 256 {
			t.Errorf("the store was called %d times while it hung, want 256", got)
		}
		close(hanging)
		synctest.Wait()
		passes(t, guard, as(bearergatetest.Claims()))
	})
}

func TestClientsThatLeaveDoNotMakeAStoreFail(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		guard := bearergate.RateLimit(limiterStore{take: func(context.Context, string) (uint64, uint64, uint64, bool, error) {
			time.Sleep(10 * time.Millisecond)
			return 1, 1, 0, true, nil
		}})
		var wg sync.WaitGroup
		for range 1000 {
			wg.Go(func() {
				ctx, cancel := context.WithCancel(context.Background())
				cancel()
				serve(guard, as(bearergatetest.Claims()).WithContext(bearergatetest.ContextWithToken(ctx, bearergatetest.Claims())))
			})
		}
		time.Sleep(time.Millisecond)
		passes(t, guard, as(bearergatetest.Claims()))
		wg.Wait()
	})
}

func TestStoreThatPanicsCannotTell(t *testing.T) {
	store := limiterStore{take: func(context.Context, string) (uint64, uint64, uint64, bool, error) { panic("no connection") }}
	refuses(t, bearergate.RateLimit(store), as(bearergatetest.Claims()), bearergate.CodeTemporarilyUnavailable)
}

func TestFallbackLimitsLocallyAndIsSeen(t *testing.T) {
	var seen []bearergate.Decision
	guard := bearergate.Chain(
		bearergate.Configure(bearergate.WithObserver(func(_ context.Context, d bearergate.Decision) {
			d.Duration, d.Reason = 0, nil
			seen = append(seen, d)
		})),
		bearergate.RateLimit(brokenStore(), bearergate.WithFallback(budgetOf(t, 1))))
	passes(t, guard, as(bearergatetest.Claims()))
	got := refuses(t, guard, as(bearergatetest.Claims()), bearergate.CodeRateLimited)
	if want := `"installation";q=1;w=60`; got.Header.Get("RateLimit-Policy") != want {
		t.Errorf("got %q, want the fallback's %q", got.Header.Get("RateLimit-Policy"), want)
	}
	want := []bearergate.Decision{
		{Method: "GET", Degraded: true},
		{Method: "GET", Degraded: true, Code: bearergate.CodeRateLimited},
	}
	if diff := cmp.Diff(want, seen); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	refuses(t, bearergate.RateLimit(brokenStore(), bearergate.WithFallback(brokenStore())), as(bearergatetest.Claims()), bearergate.CodeTemporarilyUnavailable)
}

// metered returns a chain that takes this many failed authentications.
func metered(t *testing.T, failures uint64, trusted ...netip.Prefix) bearergate.Middleware {
	return bearergate.Chain(
		bearergate.RateLimit(budgetOf(t, failures), bearergate.ForFailedAuthentication(trusted...)),
		bearergate.RequireToken(issuer.Verifier()))
}

func from(address string, r *http.Request) *http.Request {
	r.RemoteAddr = address
	return r
}

func TestFailedAuthenticationIsMeteredByAddress(t *testing.T) {
	guard := metered(t, 3)
	good := issuer.InstallationToken()
	for range 10 {
		passes(t, guard, from("192.0.2.1:1", get(good))) // what succeeds costs nothing
	}
	refuses(t, guard, from("192.0.2.1:1", get("")), bearergate.CodeInvalidToken)
	refuses(t, guard, from("192.0.2.1:2", get("forged")), bearergate.CodeInvalidToken)
	refuses(t, guard, from("192.0.2.1:3", withAuthorization("Bearer")), bearergate.CodeInvalidRequest)

	got := refuses(t, guard, from("192.0.2.1:4", get(good)), bearergate.CodeRateLimited)
	want := base(len(got.Body), "Retry-After", "60",
		"RateLimit-Policy", `"failed-authentication";q=3;w=60`, "RateLimit", `"failed-authentication";r=0;t=60`)
	if diff := cmp.Diff(want, got.Header); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	passes(t, guard, from("192.0.2.2:4", get(good))) // another address
}

func TestUsedUpAddressIsRefusedBeforeVerification(t *testing.T) {
	verified := 0
	guard := bearergate.Chain(
		bearergate.RateLimit(budgetOf(t, 1), bearergate.ForFailedAuthentication()),
		bearergate.RequireToken(verifierFunc(func(context.Context, string) (*bearergate.Token, error) {
			verified++
			return nil, bearergate.ErrInvalidToken
		})))
	refuses(t, guard, get("forged"), bearergate.CodeInvalidToken)
	refuses(t, guard, get("forged"), bearergate.CodeRateLimited)
	if verified != 1 {
		t.Errorf("%d tokens were verified, want 1", verified)
	}
}

func TestAFaultOfOursIsNoFailedAuthentication(t *testing.T) {
	guard := bearergate.Chain(
		bearergate.RateLimit(budgetOf(t, 1), bearergate.ForFailedAuthentication()),
		bearergate.RequireToken(failing(errInner)))
	for range 3 {
		refuses(t, guard, get("token"), bearergate.CodeTemporarilyUnavailable)
	}
}

func TestExactlyTheBudgetOfFailuresIsAnswered401(t *testing.T) {
	guard := metered(t, 50)
	var failed, limited atomic.Int64
	var wg sync.WaitGroup
	for range 500 {
		wg.Go(func() {
			switch serve(guard, get("forged")).Status {
			case 401:
				failed.Add(1)
			case 429:
				limited.Add(1)
			}
		})
	}
	wg.Wait()
	if failed.Load() != 50 || limited.Load() != 450 {
		t.Errorf("%d were answered 401 and %d 429, want 50 and 450", failed.Load(), limited.Load())
	}
}

func TestUsedUpAddressIsAdmittedInTheNextWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin, left := time.Now(), uint64(1)
		window := func() time.Time {
			end := begin.Add(time.Minute)
			if !time.Now().Before(end) {
				begin, left = time.Now(), 1
			}
			return begin.Add(time.Minute)
		}
		store := limiterStore{
			take: func(context.Context, string) (uint64, uint64, uint64, bool, error) {
				reset := uint64(window().UnixNano())
				if left == 0 {
					return 1, 0, reset, false, nil
				}
				left--
				return 1, left, reset, true, nil
			},
			get: func(context.Context, string) (uint64, uint64, error) { return 1, left, nil }, // of the last window, as go-limiter's
		}
		guard := bearergate.Chain(
			bearergate.RateLimit(store, bearergate.ForFailedAuthentication()),
			bearergate.RequireToken(issuer.Verifier()))
		refuses(t, guard, get("forged"), bearergate.CodeInvalidToken)
		refuses(t, guard, get("forged"), bearergate.CodeRateLimited)
		time.Sleep(time.Minute)
		refuses(t, guard, get("forged"), bearergate.CodeInvalidToken) // charged once, not twice
		refuses(t, guard, get("forged"), bearergate.CodeRateLimited)
	})
}

func TestClientAddress(t *testing.T) {
	proxies := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}
	for _, c := range []struct {
		name      string
		remote    string
		forwarded []string
		key       string
	}{
		{"IPv4", "192.0.2.1:80", nil, "address:192.0.2.1"},
		{"IPv4 in IPv6", "[::ffff:192.0.2.1]:80", nil, "address:192.0.2.1"},
		{"IPv6 by /64", "[2001:db8:1:2:3:4:5:6]:80", nil, "address:2001:db8:1:2::"},
		{"IPv6 with zone", "[fe80::1%eth0]:80", nil, "address:fe80::"},
		{"without port", "192.0.2.1", nil, "address:192.0.2.1"},
		{"header from a stranger", "192.0.2.1:80", []string{"198.51.100.7"}, "address:192.0.2.1"},
		{"header from a proxy", "10.0.0.1:80", []string{"198.51.100.7"}, "address:198.51.100.7"},
		{"what the client wrote itself", "10.0.0.1:80", []string{"1.1.1.1, 198.51.100.7"}, "address:198.51.100.7"},
		{"what the client wrote on a line of its own", "10.0.0.1:80", []string{"1.1.1.1", "198.51.100.7"}, "address:198.51.100.7"},
		{"two proxies", "10.0.0.1:80", []string{"1.1.1.1, 198.51.100.7, 10.0.0.2"}, "address:198.51.100.7"},
		{"two proxies on two lines", "10.0.0.1:80", []string{"198.51.100.7", "10.0.0.2"}, "address:198.51.100.7"},
		{"IPv6 from an IPv6 proxy", "[fd00::1]:80", []string{"2001:db8:1:2:3:4:5:6"}, "address:2001:db8:1:2::"},
		{"with port", "10.0.0.1:80", []string{"198.51.100.7:1234"}, "address:198.51.100.7"},
		{"IPv6 with port", "10.0.0.1:80", []string{"[2001:db8::1]:1234"}, "address:2001:db8::"},
		{"IPv6 in brackets", "10.0.0.1:80", []string{"[2001:db8::1]"}, "address:2001:db8::"},
		{"no address", "10.0.0.1:80", []string{"unknown"}, "address:10.0.0.1"},
		{"no address before a proxy", "10.0.0.1:80", []string{"1.1.1.1, unknown, 10.0.0.2"}, "address:10.0.0.2"},
		{"empty header", "10.0.0.1:80", []string{""}, "address:10.0.0.1"},
		{"empty element", "10.0.0.1:80", []string{"198.51.100.7,"}, "address:10.0.0.1"},
		{"proxies alone", "10.0.0.1:80", []string{"10.0.0.3, 10.0.0.2"}, "address:10.0.0.3"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got string
			store := limiterStore{get: func(_ context.Context, key string) (uint64, uint64, error) {
				got = key
				return 1, 1, nil
			}}
			r := from(c.remote, get(""))
			r.Header["X-Forwarded-For"] = c.forwarded
			r.Header.Set("Forwarded", "for=203.0.113.9")
			r.Header.Set("X-Real-Ip", "203.0.113.9")
			passes(t, bearergate.RateLimit(store, bearergate.ForFailedAuthentication(proxies...)), r)
			if got != c.key {
				t.Errorf("got key %q, want %q", got, c.key)
			}
		})
	}
}

func FuzzClientAddress(f *testing.F) {
	f.Add("10.0.0.1:80", "1.1.1.1, 10.0.0.2")
	f.Add("[::1]:80", "[2001:db8::1]:1,")
	store := limiterStore{get: func(_ context.Context, key string) (uint64, uint64, error) { return 1, 1, nil }}
	guard := bearergate.RateLimit(store, bearergate.ForFailedAuthentication(netip.MustParsePrefix("0.0.0.0/0")))
	f.Fuzz(func(t *testing.T, remote, forwarded string) {
		r := from(remote, get(""))
		r.Header.Set("X-Forwarded-For", forwarded)
		if got := serve(guard, r).Status; got != 200 && got != 500 {
			t.Errorf("got %d", got)
		}
	})
}

func BenchmarkChain(b *testing.B) {
	claims := bearergatetest.Claims("a")
	chain := bearergate.Chain(
		bearergate.RequireToken(accepting(claims)),
		bearergate.RateLimit(budgetOf(b, 1<<40)),
		bearergate.RequireOrg(bearergate.PathValue("org")),
		bearergate.RequireScope("a"),
	)(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	r := with(get("token"), "org", "acme")
	rec := httptest.NewRecorder()
	b.ReportAllocs()
	for b.Loop() {
		chain.ServeHTTP(rec, r)
	}
}
