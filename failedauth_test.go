package bearergate_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bearergate/bearergate"
)

// metered returns a chain that takes this many failed authentications.
func metered(t *testing.T, failures uint64, trusted ...netip.Prefix) bearergate.Middleware {
	return bearergate.Chain(
		bearergate.LimitFailedAuthentication(budgetOf(t, failures), bearergate.WithTrustedProxies(trusted...)),
		bearergate.RequireToken(issuer.Verifier()))
}

func from(address string, r *http.Request) *http.Request {
	r.RemoteAddr = address
	return r
}

// Rules: S6.24, S6.27, S6.29.
func TestFailedAuthenticationIsMeteredByAddress(t *testing.T) {
	guard := metered(t, 3)
	good := issuer.InstallationToken()
	for range 10 {
		passes(t, guard, from("192.0.2.1:1", get(good))) // what succeeds costs nothing
	}
	refuses(t, guard, from("192.0.2.1:1", get("other")), bearergate.ErrInvalidToken)
	refuses(t, guard, from("192.0.2.1:2", get("forged")), bearergate.ErrInvalidToken)
	refuses(t, guard, from("192.0.2.1:3", withAuthorization("Bearer")), bearergate.ErrInvalidRequest)

	got := refuses(t, guard, from("192.0.2.1:4", get(good)), bearergate.ErrRateLimited)
	wait := got.Header.Get("Retry-After")
	want := base(len(got.Body), "Retry-After", wait,
		"RateLimit-Policy", `"failed-authentication";q=3;w=60`, "RateLimit", `"failed-authentication";r=0;t=`+wait)
	if diff := cmp.Diff(want, got.Header); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	passes(t, guard, from("192.0.2.2:4", get(good))) // another address
}

// Rules: S6.28.
func TestUsedUpAddressIsRefusedBeforeVerification(t *testing.T) {
	verified := 0
	guard := bearergate.Chain(
		bearergate.LimitFailedAuthentication(budgetOf(t, 1)),
		bearergate.RequireToken(bearergate.VerifierFunc(func(context.Context, string) (*bearergate.Token, error) {
			verified++
			return nil, bearergate.ErrInvalidToken
		})))
	refuses(t, guard, get("forged"), bearergate.ErrInvalidToken)
	refuses(t, guard, get("forged"), bearergate.ErrRateLimited)
	if verified != 1 {
		t.Errorf("%d tokens were verified, want 1", verified)
	}
}

// Rules: S1.13, S6.27.
func TestAFaultOfOursIsNoFailedAuthentication(t *testing.T) {
	guard := bearergate.Chain(
		bearergate.LimitFailedAuthentication(budgetOf(t, 1)),
		bearergate.RequireToken(failing(errInner)))
	for range 3 {
		refuses(t, guard, get("token"), bearergate.ErrTemporarilyUnavailable)
	}
}

// Rules: S6.19.
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

// windowed is a store of one request for each minute and key, on the clock of
// the test.
func windowed() bearergate.Limiter {
	var mu sync.Mutex
	ends := make(map[string]time.Time)
	return stored(func(_ context.Context, key string) (uint64, uint64, uint64, bool, error) {
		mu.Lock()
		defer mu.Unlock()
		if end := ends[key]; time.Now().Before(end) {
			return 1, 0, uint64(end.UnixNano()), false, nil
		}
		ends[key] = time.Now().Add(time.Minute)
		return 1, 0, uint64(ends[key].UnixNano()), true, nil
	})
}

// TestUsedUpAddressIsFreeInTheNextWindow holds that good clients do not pay for
// failures that have ended, and that Retry-After is true of all of them.
//
// Rules: S1.29, S6.28.
func TestUsedUpAddressIsFreeInTheNextWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		good := issuer.InstallationToken()
		guard := bearergate.Chain(
			bearergate.LimitFailedAuthentication(windowed()),
			bearergate.RequireToken(issuer.Verifier()))
		for range 2 {
			refuses(t, guard, get("forged"), bearergate.ErrInvalidToken)
			time.Sleep(59*time.Second + 1)
			got := refuses(t, guard, get(good), bearergate.ErrRateLimited)
			if wait := got.Header.Get("Retry-After"); wait != "1" {
				t.Errorf("got Retry-After %s, want 1", wait)
			}
			time.Sleep(time.Second - 1)
			for range 3 {
				passes(t, guard, get(good))
			}
		}
	})
}

// Rules: S6.27, S6.30.
func TestGoodClientsDoNotNeedTheStoreOfFailures(t *testing.T) {
	guard := bearergate.Chain(
		bearergate.LimitFailedAuthentication(brokenLimiter()),
		bearergate.RequireToken(issuer.Verifier()))
	passes(t, guard, get(issuer.InstallationToken()))
	refuses(t, guard, get("forged"), bearergate.ErrTemporarilyUnavailable)

	guard = bearergate.Chain(
		bearergate.LimitFailedAuthentication(brokenLimiter(), bearergate.WithFallback(budgetOf(t, 1))),
		bearergate.RequireToken(issuer.Verifier()))
	refuses(t, guard, get("forged"), bearergate.ErrInvalidToken)
	refuses(t, guard, get("forged"), bearergate.ErrRateLimited)
}

// Rules: S6.26.
func TestRequestsWithoutCredentialsCostNothing(t *testing.T) {
	guard := metered(t, 1)
	for range 5 {
		refuses(t, guard, get(""), bearergate.ErrInvalidToken)
		refuses(t, guard, withAuthorization(""), bearergate.ErrInvalidToken)
		refuses(t, guard, withAuthorization("Basic dTpw"), bearergate.ErrInvalidToken)
	}
	refuses(t, guard, get("forged"), bearergate.ErrInvalidToken)
	refuses(t, guard, get(""), bearergate.ErrRateLimited)
}

// flood is a chain whose limiter has one failure a minute for each key, and which
// counts the keys.
type flood struct {
	handler  http.Handler
	keys     map[string]bool
	verified int
}

func newFlood() *flood {
	f := &flood{keys: make(map[string]bool)}
	budgets := windowed()
	f.handler = bearergate.Chain(
		bearergate.LimitFailedAuthentication(bearergate.LimiterFunc(func(ctx context.Context, key string) (bearergate.Quota, error) {
			f.keys[key] = true
			return budgets.Take(ctx, key)
		})),
		bearergate.RequireToken(bearergate.VerifierFunc(func(_ context.Context, raw string) (*bearergate.Token, error) {
			f.verified++
			if raw == "good" {
				return bearergate.NewToken(bearergate.Claims{Type: bearergate.AccessToken}), nil
			}
			return nil, bearergate.ErrInvalidToken
		})))(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	return f
}

func (f *flood) send(address netip.Addr, token string) (status int) {
	rec := httptest.NewRecorder()
	f.handler.ServeHTTP(rec, from(netip.AddrPortFrom(address, 1).String(), get(token)))
	return rec.Code
}

// TestMemoryForFailingAddressesIsBounded has more addresses fail than are kept, of
// IPv4 and of IPv6: the limiter's keys are bounded, guessing is not made any
// easier, and clients pay only for what their network did.
//
// Rules: S6.32, S6.33, S6.34.
func TestMemoryForFailingAddressesIsBounded(t *testing.T) {
	v4 := func(i int) netip.Addr { return netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}) }
	v6 := func(i int) netip.Addr {
		return netip.AddrFrom16([16]byte{0x20, 0x01, byte(i >> 16), byte(i >> 8), byte(i), 0, 1})
	}
	for name, address := range map[string]func(int) netip.Addr{"IPv4": v4, "IPv6": v6} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFlood()
				const kept, more = 1 << 16, 40_000
				for i := range kept {
					if got := f.send(address(i), "forged"); got != 401 {
						t.Fatalf("address %d: got %d, want 401", i, got)
					}
				}
				f.verified = 0
				for i := range more {
					f.send(address(kept+i), "forged")
				}
				const networks = 1<<14 + 1<<12
				if most := kept + networks; len(f.keys) > most {
					t.Errorf("got %d keys, want %d at most", len(f.keys), most)
				}
				if f.verified > networks {
					t.Errorf("got %d tokens of further addresses looked at, want %d at most", f.verified, networks)
				}
				f.verified = 0
				if got := f.send(address(1), "good"); got != 429 || f.verified != 0 {
					t.Errorf("an address that failed: got %d after %d verifications, want 429 after none", got, f.verified)
				}
				for _, stranger := range []string{"192.0.2.1", "2400:db8::1"} {
					if got := f.send(netip.MustParseAddr(stranger), "good"); got != 200 {
						t.Errorf("an address of a network that did nothing: got %d, want 200", got)
					}
				}
				time.Sleep(3 * time.Minute)
				f.keys = make(map[string]bool)
				for i := range 1000 {
					f.send(address(kept+i), "forged")
				}
				if len(f.keys) != 1000 {
					t.Errorf("got %d keys three windows later, want one for each of 1000 addresses", len(f.keys))
				}
			})
		})
	}
}

// Rules: S6.35.
func TestEachOfTwoLimitsAroundARouteCounts(t *testing.T) {
	strict, generous := budgetOf(t, 2), budgetOf(t, 100)
	for name, limits := range map[string][]bearergate.Limiter{"strict outside": {strict, generous}, "strict inside": {budgetOf(t, 100), budgetOf(t, 2)}} {
		t.Run(name, func(t *testing.T) {
			guard := bearergate.Chain(bearergate.LimitFailedAuthentication(limits[0]), bearergate.LimitFailedAuthentication(limits[1]),
				bearergate.RequireToken(issuer.Verifier()))
			for range 2 {
				refuses(t, guard, from("192.0.2.1:1", get("forged")), bearergate.ErrInvalidToken)
			}
			for range 2 {
				refuses(t, guard, from("192.0.2.1:1", get("forged")), bearergate.ErrRateLimited)
			}
		})
	}
}

// Rules: S6.21, S6.22, S6.23.
func TestClientAddress(t *testing.T) {
	proxies := []netip.Prefix{netip.MustParsePrefix("::ffff:10.0.0.0/104"), netip.MustParsePrefix("fd00::/8")}
	for _, c := range []struct {
		name      string
		remote    string
		forwarded []string
		key       string
	}{
		{"IPv4", "192.0.2.1:80", nil, "address:192.0.2.1/32"},
		{"IPv4 in IPv6", "[::ffff:192.0.2.1]:80", nil, "address:192.0.2.1/32"},
		{"IPv6 by /64", "[2001:db8:1:2:3:4:5:6]:80", nil, "address:2001:db8:1:2::/64"},
		{"IPv6 with zone", "[fe80::1%eth0]:80", nil, "address:fe80::/64"},
		{"without port", "192.0.2.1", nil, "address:192.0.2.1/32"},
		{"IPv4 in IPv6, without port", "::ffff:192.0.2.1", nil, "address:192.0.2.1/32"},
		{"IPv6 with zone, without port", "fe80::1%eth0", nil, "address:fe80::/64"},
		{"IPv4 in IPv6 from a proxy", "10.0.0.1:80", []string{"::ffff:198.51.100.7"}, "address:198.51.100.7/32"},
		{"proxy as IPv4 in IPv6", "10.0.0.1:80", []string{"198.51.100.7, ::ffff:10.0.0.2"}, "address:198.51.100.7/32"},
		{"header from a stranger", "192.0.2.1:80", []string{"198.51.100.7"}, "address:192.0.2.1/32"},
		{"header from a proxy", "10.0.0.1:80", []string{"198.51.100.7"}, "address:198.51.100.7/32"},
		{"what the client wrote itself", "10.0.0.1:80", []string{"1.1.1.1, 198.51.100.7"}, "address:198.51.100.7/32"},
		{"what the client wrote on a line of its own", "10.0.0.1:80", []string{"1.1.1.1", "198.51.100.7"}, "address:198.51.100.7/32"},
		{"two proxies", "10.0.0.1:80", []string{"1.1.1.1, 198.51.100.7, 10.0.0.2"}, "address:198.51.100.7/32"},
		{"two proxies on two lines", "10.0.0.1:80", []string{"198.51.100.7", "10.0.0.2"}, "address:198.51.100.7/32"},
		{"IPv6 from an IPv6 proxy", "[fd00::1]:80", []string{"2001:db8:1:2:3:4:5:6"}, "address:2001:db8:1:2::/64"},
		{"with port", "10.0.0.1:80", []string{"198.51.100.7:1234"}, "address:198.51.100.7/32"},
		{"IPv6 with port", "10.0.0.1:80", []string{"[2001:db8::1]:1234"}, "address:2001:db8::/64"},
		{"IPv6 in brackets", "10.0.0.1:80", []string{"[2001:db8::1]"}, "address:2001:db8::/64"},
		{"no address", "10.0.0.1:80", []string{"unknown"}, "address:10.0.0.1/32"},
		{"no address before a proxy", "10.0.0.1:80", []string{"1.1.1.1, unknown, 10.0.0.2"}, "address:10.0.0.2/32"},
		{"empty header", "10.0.0.1:80", []string{""}, "address:10.0.0.1/32"},
		{"empty element", "10.0.0.1:80", []string{"198.51.100.7,"}, "address:10.0.0.1/32"},
		{"proxies alone", "10.0.0.1:80", []string{"10.0.0.3, 10.0.0.2"}, "address:10.0.0.3/32"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got string
			store := stored(func(_ context.Context, key string) (uint64, uint64, uint64, bool, error) {
				got = key
				return 1, 1, 0, true, nil
			})
			r := from(c.remote, get("forged"))
			r.Header["X-Forwarded-For"] = c.forwarded
			r.Header.Set("Forwarded", "for=203.0.113.9")
			r.Header.Set("X-Real-Ip", "203.0.113.9")
			refuses(t, bearergate.Chain(
				bearergate.LimitFailedAuthentication(store, bearergate.WithTrustedProxies(proxies...)),
				bearergate.RequireToken(failing(bearergate.ErrInvalidToken))), r, bearergate.ErrInvalidToken)
			if got != c.key {
				t.Errorf("got key %q, want %q", got, c.key)
			}
		})
	}
}

// Rules: S6.22.
func FuzzClientAddress(f *testing.F) {
	f.Add("10.0.0.1:80", "1.1.1.1, 10.0.0.2")
	f.Add("[::1]:80", "[2001:db8::1]:1,")
	store := stored(func(context.Context, string) (uint64, uint64, uint64, bool, error) { return 1, 1, 0, true, nil })
	guard := bearergate.LimitFailedAuthentication(store, bearergate.WithTrustedProxies(netip.MustParsePrefix("0.0.0.0/0")))
	f.Fuzz(func(t *testing.T, remote, forwarded string) {
		r := from(remote, get("forged"))
		r.Header.Set("X-Forwarded-For", forwarded)
		if got := serve(guard, r).Status; got != 200 && got != 500 {
			t.Errorf("got %d", got)
		}
	})
}
