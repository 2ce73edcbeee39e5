package bearergate_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/bearergatetest"
)

// planError is an error of an application that embeds one of ours, and cannot be
// compared.
type planError struct {
	bearergate.Code
	plans []string
}

type refused = bearergate.Error

type planErrorOf struct {
	*refused
	plans []string
}

func TestErrorsThatEmbedOursSetTheAnswer(t *testing.T) {
	for name, err := range map[string]error{
		"a code":    planError{bearergate.ErrForbidden, []string{"pro"}},
		"an *Error": planErrorOf{&bearergate.Error{Code: bearergate.ErrForbidden}, []string{"pro"}},
		"wrapped":   fmt.Errorf("plan: %w", planError{bearergate.ErrForbidden, nil}),
	} {
		t.Run(name, func(t *testing.T) {
			refuses(t, bearergate.Require(func(*http.Request) error { return err }), get(""), bearergate.ErrForbidden)
			refuses(t, bearergate.RequireToken(failing(err)), get("token"), bearergate.ErrForbidden)
		})
	}
}

// TestErrorsOfTheLibraryAreNobodysToChange has code that is plugged in change
// whatever *Error it finds.
func TestErrorsOfTheLibraryAreNobodysToChange(t *testing.T) {
	spoil := func(err error) error {
		for e := (*bearergate.Error)(nil); errors.As(err, &e); err = errors.Unwrap(e) {
			e.Code = bearergate.ErrGrantRevoked
		}
		return err
	}
	opaque := func() bearergate.Verifier {
		return bearergate.NewOpaqueVerifier("o_", func(context.Context, [32]byte) (bearergate.Claims, error) {
			return bearergate.Claims{}, bearergate.ErrInvalidToken
		})
	}
	inner := opaque()
	spoiling := bearergate.VerifierFunc(func(ctx context.Context, raw string) (*bearergate.Token, error) {
		token, err := inner.VerifyToken(ctx, raw)
		spoil(err)
		return token, err
	})
	org := bearergate.PathValue("org")
	observed := configured(bearergate.Config{Observer: func(_ context.Context, d bearergate.Decision) { spoil(d.Reason) }})
	for range 2 {
		refuses(t, bearergate.Chain(observed, bearergate.RequireToken(spoiling)), get("forged"), bearergate.ErrInvalidToken)
		refuses(t, bearergate.RequireToken(opaque()), get("forged"), bearergate.ErrInvalidToken)
		refuses(t, bearergate.Chain(observed, bearergate.RequireToken(opaque())), get(""), bearergate.ErrInvalidToken)
		refuses(t, bearergate.RequireOrg(func(r *http.Request) (string, error) {
			value, err := org(r)
			spoil(err)
			return value, fmt.Errorf("org: %w", err)
		}), as(bearergatetest.InstallationClaims()), bearergate.ErrServerError)
	}
}

func TestLimiterThatAnswersTooLateCannotTell(t *testing.T) {
	for _, allowed := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			late := bearergate.LimiterFunc(func(ctx context.Context, _ string) (bearergate.Quota, error) {
				<-ctx.Done()
				return bearergate.Quota{Limit: 9, Reset: time.Now().Add(time.Minute), Allowed: allowed}, nil
			})
			refuses(t, bearergate.RateLimit(late), as(bearergatetest.InstallationClaims()), bearergate.ErrTemporarilyUnavailable)
		})
	}
}

func TestEvery400And401OfRequireTokenIsCharged(t *testing.T) {
	for _, code := range bearergate.Codes() {
		guard := bearergate.Chain(bearergate.LimitFailedAuthentication(budgetOf(t, 1)), bearergate.RequireToken(failing(code)))
		refuses(t, guard, get("forged"), code)
		want := code
		if code.Status() == 400 || code.Status() == 401 {
			want = bearergate.ErrRateLimited
		}
		refuses(t, guard, get("forged"), want)
	}
}

func TestBudgetsThatLookAlikeAreBothInTheFields(t *testing.T) {
	limiter := func(remaining uint64) bearergate.Limiter {
		return bearergate.LimiterFunc(func(context.Context, string) (bearergate.Quota, error) {
			return bearergate.Quota{Limit: 100, Remaining: remaining, Reset: time.Now().Add(time.Minute), Allowed: true}, nil
		})
	}
	got := serve(bearergate.Chain(bearergate.RateLimit(limiter(3)), bearergate.RateLimit(limiter(99))), as(bearergatetest.InstallationClaims())).Header.Values("RateLimit")
	if want := []string{`"installation";r=3;t=60`, `"installation";r=99;t=60`}; !cmp.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestUsedUpBudgetStaysSoWhateverOrderAnswersCome has the answer of an earlier
// request come last.
func TestUsedUpBudgetStaysSoWhateverOrderAnswersCome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		reset, n, verified := time.Now().Add(time.Minute), 0, 0
		guard := bearergate.Chain(
			bearergate.LimitFailedAuthentication(bearergate.LimiterFunc(func(context.Context, string) (bearergate.Quota, error) {
				n++
				q := bearergate.Quota{Limit: 2, Reset: reset, Allowed: n <= 2}
				if n == 1 {
					time.Sleep(time.Second)
					q.Remaining = 1
				}
				return q, nil
			})),
			bearergate.RequireToken(bearergate.VerifierFunc(func(context.Context, string) (*bearergate.Token, error) {
				verified++
				return nil, bearergate.ErrInvalidToken
			})))
		go serve(guard, get("forged"))
		synctest.Wait()
		refuses(t, guard, get("forged"), bearergate.ErrInvalidToken)
		time.Sleep(time.Minute / 2)
		refuses(t, guard, get("forged"), bearergate.ErrRateLimited)
		if verified != 2 {
			t.Errorf("got %d tokens verified, want 2", verified)
		}
	})
}

func TestTrustedProxiesAddUp(t *testing.T) {
	var key string
	guard := bearergate.Chain(
		bearergate.LimitFailedAuthentication(bearergate.LimiterFunc(func(_ context.Context, k string) (bearergate.Quota, error) {
			key = k
			return bearergate.Quota{Limit: 1, Allowed: true}, nil
		}), bearergate.WithTrustedProxies(netip.MustParsePrefix("10.0.0.0/8")), bearergate.WithTrustedProxies(netip.MustParsePrefix("192.168.0.0/16"))),
		bearergate.RequireToken(failing(bearergate.ErrInvalidToken)))
	for _, c := range []struct {
		peer      string
		forwarded []string
		want      string
	}{
		{"10.0.0.1:1", []string{"203.0.113.7"}, "address:203.0.113.7/32"},
		{"192.168.0.1:1", []string{"203.0.113.7"}, "address:203.0.113.7/32"},
		{"10.0.0.1:1", []string{"6.6.6.6", ""}, "address:10.0.0.1/32"},
		{"10.0.0.1:1", []string{"6.6.6.6,"}, "address:10.0.0.1/32"},
		{"10.0.0.1:1", []string{"6.6.6.6", " "}, "address:10.0.0.1/32"},
	} {
		r := from(c.peer, get("forged"))
		r.Header["X-Forwarded-For"] = c.forwarded
		serve(guard, r)
		if key != c.want {
			t.Errorf("peer %s with %q: got %s, want %s", c.peer, c.forwarded, key, c.want)
		}
	}
}

func TestProofsAreDemandedWhateverTheOrderOfTheSchemes(t *testing.T) {
	schemes := []bearergate.Scheme{{Name: "DPoP", Parameters: `algs="ES256"`}, {Name: "Bearer"}}
	guard := bearergate.RequireToken(schemed{failing(nil), schemes})
	schemes[0].Parameters = "x\r\nEvil: 1" // the guard has a copy
	refused := func(scheme string) []string {
		guard := bearergate.Chain(guard)
		return serve(guard, withAuthorization(scheme+" tok en")).Header.Values(challenge)
	}
	if diff := cmp.Diff([]string{`DPoP realm="api", error="invalid_request", algs="ES256"`}, refused("DPoP")); diff != "" {
		t.Errorf("DPoP (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{`DPoP realm="api", algs="ES256"`, `Bearer realm="api", error="invalid_request"`}, refused("Bearer")); diff != "" {
		t.Errorf("Bearer (-want +got):\n%s", diff)
	}
}

// TestWriterThatRefusesWithTheCodeKeepsTheChallenge has only the code of the error.
func TestWriterThatRefusesWithTheCodeKeepsTheChallenge(t *testing.T) {
	byCode := configured(bearergate.Config{ErrorWriter: func(w http.ResponseWriter, r *http.Request, e *bearergate.Error) {
		bearergate.Refuse(w, r, e.Code)
	}})
	anew := configured(bearergate.Config{ErrorWriter: func(w http.ResponseWriter, r *http.Request, e *bearergate.Error) {
		bearergate.WriteError(w, r, &bearergate.Error{Code: e.Code})
	}})
	for _, token := range []string{"", "to ken", "token"} {
		guard := bearergate.RequireToken(schemed{failing(nil), []bearergate.Scheme{{Name: "DPoP"}}})
		r := func() *http.Request {
			if token == "" {
				return get("")
			}
			return withAuthorization("DPoP " + token)
		}
		want := serve(guard, r())
		for name, configure := range map[string]bearergate.Middleware{"by code": byCode, "anew": anew} {
			if diff := cmp.Diff(want, serve(bearergate.Chain(configure, guard), r())); diff != "" {
				t.Errorf("%s, %q (-want +got):\n%s", name, token, diff)
			}
		}
	}
}

func TestTokensStandInNoLog(t *testing.T) {
	const raw = "abcd+efgh/ijklmnop=="
	configure, seen := observing(bearergate.Config{})
	failed := &url.Error{Op: "Get", URL: "https://as.example/introspect?" + url.Values{"token": {raw}}.Encode(), Err: errInner}
	serve(bearergate.Chain(configure, bearergate.RequireToken(failing(failed))), get(raw))
	if got := fmt.Sprint((*seen)[0].Reason); strings.Contains(got, "ijklmnop") || !strings.Contains(got, "inner-error") {
		t.Errorf("got reason %q, want the error without the token", got)
	}
	claims := bearergatetest.InstallationClaims("a")
	claims.Subject, claims.Raw = "secret-subject", `{"email":"secret@example.com"}`
	token := bearergate.NewToken(claims)
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("test", "token", token)
	slog.New(slog.NewJSONHandler(&log, nil)).Info("test", "token", token)
	if got := log.String() + fmt.Sprintf("%v %+v %s", token, token, token); strings.Contains(got, "secret") {
		t.Errorf("got %q, want no claim in it", got)
	}
}

// TestLongerOfTwoWaitsIsAnswered has two limits of addresses refuse at once.
func TestLongerOfTwoWaitsIsAnswered(t *testing.T) {
	limit := func(after time.Duration, allowed bool) bearergate.Middleware {
		return bearergate.LimitFailedAuthentication(bearergate.LimiterFunc(func(context.Context, string) (bearergate.Quota, error) {
			return bearergate.Quota{Limit: 5, Remaining: 1, Reset: time.Now().Add(after), Allowed: allowed}, nil
		}), bearergate.WithLimiterTimeout(-1), bearergate.WithPolicyName("addresses"))
	}
	const short, long = 10 * time.Second, time.Minute
	for name, c := range map[string]struct {
		outer, inner bearergate.Middleware
		want         string // Retry-After, empty for 401
	}{
		"outer waits longer": {limit(long, false), limit(short, false), "60"},
		"inner waits longer": {limit(short, false), limit(long, false), "60"},
		"outer alone":        {limit(short, false), limit(long, true), "10"},
		"inner alone":        {limit(short, true), limit(long, false), "60"},
		"neither":            {limit(short, true), limit(long, true), ""},
	} {
		synctest.Test(t, func(t *testing.T) {
			got := serve(bearergate.Chain(c.outer, c.inner, bearergate.RequireToken(failing(bearergate.ErrInvalidToken))), get("forged"))
			if got.Header.Get("Retry-After") != c.want || !strings.HasPrefix(got.Header.Get("RateLimit"), `"addresses";`) {
				t.Errorf("%s: got %d, Retry-After %q and %q, want Retry-After %q", name, got.Status, got.Header.Get("Retry-After"), got.Header.Get("RateLimit"), c.want)
			}
		})
	}
}

func TestContextPrintsNothingOfTheToken(t *testing.T) {
	ctx := bearergatetest.ContextWithToken(t.Context(), bearergatetest.InstallationClaims("secret-scope"))
	if got := fmt.Sprintf("%v %s", ctx, ctx); strings.Contains(got, "secret") || !strings.Contains(got, "bearergate") {
		t.Errorf("got %q, want a name and nothing of the token", got)
	}
}

func TestUnknownCodeAsksForNothing(t *testing.T) {
	unknown := bearergate.Code("teapot")
	if unknown.RetryAfter() != 0 || unknown.Action() != bearergate.KeepConnection || bearergate.ErrTemporarilyUnavailable.RetryAfter() != 5*time.Second {
		t.Errorf("got %v and %v, want no wait and the connection kept", unknown.RetryAfter(), unknown.Action())
	}
	if got := bearergate.Action(99).String(); got != "Action(99)" {
		t.Errorf("got %s, want Action(99)", got)
	}
}
