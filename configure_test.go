package bearergate_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/bearergatetest"
)

// observing returns a Configure that keeps what its observer is told.
func observing(c bearergate.Config) (bearergate.Middleware, *[]bearergate.Decision) {
	seen := new([]bearergate.Decision)
	c.Observer = func(_ context.Context, d bearergate.Decision) { *seen = append(*seen, d) }
	return configured(c), seen
}

// Rules: S1.45.
func TestOneDecisionForEachGuardedRequest(t *testing.T) {
	grants := new(bearergate.MemoryGrants)
	grants.Put(bearergate.Grant{ID: bearergatetest.DefaultGrantID, OrganizationID: "acme"})
	configure, seen := observing(bearergate.Config{})
	mux := http.NewServeMux()
	mux.Handle("GET /orgs/{org}/projects", bearergate.Chain(
		bearergate.RequireToken(issuer.Verifier()),
		bearergate.RateLimit(budgetOf(t, 100)),
		bearergate.RequireGrant(grants),
		bearergate.RequireOrg(bearergate.PathValue("org")),
		bearergate.RequireScope("projects:read"),
	)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Has("archived") {
			bearergate.Refuse(w, r, fmt.Errorf("%w: archived", bearergate.ErrInvalidRequest))
		}
	})))
	mux.HandleFunc("GET /healthz", func(http.ResponseWriter, *http.Request) {})
	handler := configure(mux)
	good := issuer.InstallationToken(bearergatetest.WithScopes("projects:read"))
	for _, r := range []*http.Request{
		bearergatetest.NewRequest("GET", "/healthz", ""),
		bearergatetest.NewRequest("GET", "/orgs/acme/projects", good),
		bearergatetest.NewRequest("GET", "/orgs/acme/projects", ""),
		bearergatetest.NewRequest("GET", "/orgs/umbrella/projects", good),
		bearergatetest.NewRequest("GET", "/orgs/acme/projects?archived", good),
	} {
		handler.ServeHTTP(httptest.NewRecorder(), r)
	}
	const pattern = "GET /orgs/{org}/projects"
	known := func(d bearergate.Decision) bearergate.Decision {
		d.Method, d.Pattern = "GET", pattern
		d.Issuer = bearergatetest.DefaultIssuer
		d.TokenType, d.Subject, d.ClientID = bearergate.InstallationToken, bearergatetest.DefaultSubject, bearergatetest.DefaultClientID
		d.GrantID, d.OrganizationID, d.InstallationID = bearergatetest.DefaultGrantID, "acme", bearergatetest.DefaultInstallationID
		return d
	}
	want := []bearergate.Decision{
		known(bearergate.Decision{}),
		{Code: bearergate.ErrInvalidToken, Method: "GET", Pattern: pattern},
		known(bearergate.Decision{Code: bearergate.ErrWrongOrganization, CacheHit: true}),
		known(bearergate.Decision{Code: bearergate.ErrInvalidRequest, CacheHit: true}),
	}
	reasons := []string{"<nil>", "the request carries no token", "wrong_organization", "archived"}
	for i, d := range *seen {
		if i < len(reasons) && !strings.Contains(fmt.Sprint(d.Reason), reasons[i]) {
			t.Errorf("decision %d: got reason %v, want %s", i, d.Reason, reasons[i])
		}
		if d.Duration <= 0 || d.Duration > time.Minute {
			t.Errorf("decision %d: took %v", i, d.Duration)
		}
		(*seen)[i].Reason, (*seen)[i].Duration = nil, 0
	}
	if diff := cmp.Diff(want, *seen); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestDurationIsThatOfTheGuards(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		configure, seen := observing(bearergate.Config{})
		slow := bearergate.Require(func(*http.Request) error { time.Sleep(time.Second); return nil })
		configure(slow(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { time.Sleep(time.Hour) }))).
			ServeHTTP(httptest.NewRecorder(), get(""))
		if got := (*seen)[0].Duration; got != time.Second {
			t.Errorf("got %v, want the second that the guard took", got)
		}
	})
}

func TestHandlerThatPanicsIsStillObserved(t *testing.T) {
	configure, seen := observing(bearergate.Config{})
	guard := bearergate.Require(func(*http.Request) error { return nil })
	panics(t, func() {
		configure(guard(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("handler") }))).
			ServeHTTP(httptest.NewRecorder(), get(""))
	})
	if len(*seen) != 1 || (*seen)[0].Code != "" {
		t.Errorf("got %v, want one pass", *seen)
	}
}

// Rules: S1.46.
func TestGuardThatPanicsIsNoPass(t *testing.T) {
	panicking := func(*http.Request) (string, error) { panic("guard") }
	for name, guard := range map[string]bearergate.Middleware{
		"RequireToken": bearergate.RequireToken(bearergate.VerifierFunc(func(context.Context, string) (*bearergate.Token, error) { panic("guard") })),
		"RequireGrant": bearergate.Chain(
			bearergate.RequireToken(accepting(bearergatetest.InstallationClaims())),
			bearergate.RequireGrant(bearergate.GrantStoreFunc(func(context.Context, string) (bearergate.Grant, error) { panic("guard") }))),
		"RequireOrg": bearergate.Chain(bearergate.RequireToken(accepting(bearergatetest.InstallationClaims())), bearergate.RequireOrg(panicking)),
	} {
		configure, seen := observing(bearergate.Config{})
		panics(t, func() { serve(bearergate.Chain(configure, guard), get("token")) })
		if len(*seen) != 1 || (*seen)[0].Code != bearergate.ErrServerError || (*seen)[0].Reason == nil {
			t.Errorf("%s: got %v, want one server_error", name, *seen)
		}
	}
}

// TestGuardsMayOutliveTheRequest holds for http.TimeoutHandler, which leaves
// the guards inside of it running: under -race it finds an unguarded record.
//
// Rules: S1.46.
func TestGuardsMayOutliveTheRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		configure, seen := observing(bearergate.Config{})
		slow := bearergate.Require(func(*http.Request) error {
			time.Sleep(time.Hour)
			return bearergate.ErrGrantRevoked
		})
		first := bearergate.Require(func(*http.Request) error { return nil })
		handler := configure(first(http.TimeoutHandler(slow(http.NotFoundHandler()), time.Second, "late")))
		rec := httptest.NewRecorder()
		handler.ServeHTTP(rec, get(""))
		if rec.Code != 503 || len(*seen) != 1 || (*seen)[0].Code != bearergate.ErrServerError {
			t.Errorf("got %d and %v, want 503 and one decision that was not made", rec.Code, *seen)
		}
		time.Sleep(time.Hour)
		synctest.Wait()
	})
}

// Rules: S1.37.
func TestInnerConfigureTakesTheRestFromTheOuter(t *testing.T) {
	outer, outerSeen := observing(
		bearergate.Config{Realm: "outer", ReferenceURL: "https://docs.example/errors", MaxTokenLength: 5})
	inner, innerSeen := observing(bearergate.Config{Realm: "inner"})
	guard := bearergate.Chain(outer, inner, bearergate.RequireToken(accepting(bearergatetest.InstallationClaims())))
	got := refuses(t, guard, get("token!"), bearergate.ErrInvalidToken)
	if want := `Bearer realm="inner", error="invalid_token"`; got.Header.Get(challenge) != want {
		t.Errorf("got %q, want %q", got.Header.Get(challenge), want)
	}
	if want := `<https://docs.example/errors#invalid_token>; rel="help"`; got.Header.Get("Link") != want {
		t.Errorf("got %q, want %q", got.Header.Get("Link"), want)
	}
	if len(*outerSeen) != 1 || len(*innerSeen) != 1 {
		t.Errorf("got %d and %d decisions, want 1 and 1", len(*outerSeen), len(*innerSeen))
	}
	silent := configured(bearergate.Config{Realm: "silent"})
	serve(bearergate.Chain(outer, silent, bearergate.RequireToken(accepting(bearergatetest.InstallationClaims()))), get("token"))
	if len(*outerSeen) != 2 {
		t.Errorf("got %d decisions, want 2", len(*outerSeen))
	}
}

// Rules: S1.26, S1.27.
func TestWriterIsReplacedInOnePlace(t *testing.T) {
	configure := configured(bearergate.Config{ErrorWriter: func(w http.ResponseWriter, r *http.Request, e *bearergate.Error) {
		w.WriteHeader(e.Code.Status())
		fmt.Fprintf(w, "%s required=%q", e.Code, e.Required)
	}})
	for want, guard := range map[string]bearergate.Middleware{
		`invalid_token required=""`:   bearergate.RequireToken(issuer.Verifier()),
		`server_error required=""`:    bearergate.RateLimit(brokenLimiter()),
		`missing_scope required="a"`:  bearergate.Chain(bearergate.RequireToken(accepting(bearergatetest.InstallationClaims())), bearergate.RequireScope("a")),
		`grant_not_found required=""`: bearergate.Chain(bearergate.RequireToken(accepting(bearergatetest.InstallationClaims())), bearergate.RequireGrant(new(bearergate.MemoryGrants))),
		`rate_limited required=""`:    bearergate.Chain(bearergate.RequireToken(accepting(bearergatetest.InstallationClaims())), bearergate.RateLimit(exhausted(1, time.Now()))),
	} {
		r := get("")
		if !strings.HasPrefix(want, "invalid_token") {
			r = get("token")
		}
		if got := serve(bearergate.Chain(configure, guard), r); got.Body != want || got.Handled {
			t.Errorf("got %q, want %q", got.Body, want)
		}
	}
}

func TestDecisionsAreLoggedByWeight(t *testing.T) {
	var log bytes.Buffer
	logger := slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{
		Level: slog.LevelDebug,
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey {
				return slog.Attr{}
			}
			return a
		},
	}))
	configure := configured(bearergate.Config{Observer: bearergate.LogDecisions(logger)})
	pass := bearergate.RequireToken(accepting(bearergatetest.InstallationClaims()))
	for _, guard := range []bearergate.Middleware{
		pass,
		bearergate.RequireToken(failing(bearergate.ErrInvalidToken)),
		bearergate.RequireToken(failing(errInner)),
		bearergate.Chain(pass, bearergate.RateLimit(brokenLimiter(), bearergate.WithFallback(budgetOf(t, 1)))),
	} {
		serve(bearergate.Chain(configure, guard), get("bi_oat_secret"))
	}
	known, token := bearergate.RequireToken(issuer.Verifier()), issuer.InstallationToken()
	serve(known, get(token))
	serve(bearergate.Chain(configure, known), get(token))
	const ids = " token_type=installation issuer=https://issuer.example subject=user-1 client_id=app-1 grant_id=grant-1 organization_id=acme installation_id=installation-1"
	want := strings.Join([]string{
		`level=DEBUG msg="request passed" method=GET` + ids + ` duration=X`,
		`level=INFO msg="request refused" code=invalid_token method=GET duration=X`,
		`level=ERROR msg="request refused" code=temporarily_unavailable reason="` + errInner.Error() + `" method=GET duration=X`,
		`level=WARN msg="request passed" method=GET` + ids + ` degraded=true limiter_failure="the limiter of the budget \"installation\" failed: inner-error 10.0.0.7:6379 password=hunter2" duration=X`,
		`level=DEBUG msg="request passed" method=GET` + ids + ` cache_hit=true duration=X`,
	}, "\n") + "\n"
	got := regexp.MustCompile(`duration=\S+`).ReplaceAllString(log.String(), "duration=X")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	quiet := slog.New(slog.NewTextHandler(io.Discard, &slog.HandlerOptions{Level: slog.LevelError}))
	bearergate.LogDecisions(quiet)(context.Background(), bearergate.Decision{})
}
