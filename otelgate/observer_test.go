package otelgate_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/bearergatetest"
	"github.com/google/go-cmp/cmp"
)

func TestDecisionsAreCountedByCodeMethodAndRoute(t *testing.T) {
	m, issuer := newMeter(t), bearergatetest.NewIssuer()
	budget, err := bearergate.PerMinute(5)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { budget.Close() })
	api := m.configured(t, newAPI(issuer.Verifier(), budget))
	reader := issuer.InstallationToken(bearergatetest.WithScopes("projects:read"))
	for _, r := range []struct {
		method, path, token string
		want                int
	}{
		{"GET", "/orgs/acme/projects", reader, 200},
		{"GET", "/orgs/acme/projects", reader, 200},
		{"HEAD", "/orgs/acme/projects", reader, 200},
		{"GET", "/orgs/umbrella/projects", reader, 403},
		{"GET", "/orgs/acme/projects", issuer.InstallationToken(), 403},
		{"GET", "/orgs/acme/projects", reader, 429},
		{"GET", "/orgs/acme/projects", issuer.AccessToken(), 401},
		{"GET", "/orgs/acme/projects", "a,b", 400},
		{"BREW", "/anything", reader, 200},
		{"POST", "/unwired", reader, 500},
	} {
		if got := send(api, r.method, r.path, r.token); got != r.want {
			t.Errorf("%s %s: got status %d, want %d", r.method, r.path, got, r.want)
		}
	}
	const projects = " http.request.method=GET http.route=/orgs/{org}/projects"
	want := map[string]float64{
		"bearergate.code=none" + projects:                                               2,
		"bearergate.code=none http.request.method=HEAD http.route=/orgs/{org}/projects": 1,
		"bearergate.code=wrong_organization" + projects:                                 1,
		"bearergate.code=missing_scope" + projects:                                      1,
		"bearergate.code=rate_limited" + projects:                                       1,
		"bearergate.code=invalid_token" + projects:                                      1,
		"bearergate.code=invalid_request" + projects:                                    1,
		"bearergate.code=none http.request.method=_OTHER http.route=/anything":          1,
		"bearergate.code=server_error http.request.method=POST http.route=/unwired":     1,
	}
	if diff := cmp.Diff(want, m.series(t, "bearergate.decisions")); diff != "" {
		t.Errorf("decisions (-want +got):\n%s", diff)
	}
	want = map[string]float64{
		"http.request.method=GET http.route=/orgs/{org}/projects":  7,
		"http.request.method=HEAD http.route=/orgs/{org}/projects": 1,
		"http.request.method=_OTHER http.route=/anything":          1,
		"http.request.method=POST http.route=/unwired":             1,
	}
	if diff := cmp.Diff(want, m.series(t, "bearergate.decision.duration")); diff != "" {
		t.Errorf("durations (-want +got):\n%s", diff)
	}
	want = map[string]float64{
		"bearergate.cache_hit=false bearergate.token_type=installation": 2,
		"bearergate.cache_hit=true bearergate.token_type=installation":  5,
	}
	if diff := cmp.Diff(want, m.series(t, "bearergate.token.verifications")); diff != "" {
		t.Errorf("verifications (-want +got):\n%s", diff)
	}
}

func TestRouteIsLeftOutIfItIsNotKnown(t *testing.T) {
	m, issuer := newMeter(t), bearergatetest.NewIssuer()
	api := m.configured(t, bearergate.RequireToken(issuer.Verifier())(http.NotFoundHandler()))
	send(api, "GET", "/secret/path", issuer.Token())
	want := map[string]float64{"bearergate.code=none http.request.method=GET": 1}
	if diff := cmp.Diff(want, m.series(t, "bearergate.decisions")); diff != "" {
		t.Errorf("decisions (-want +got):\n%s", diff)
	}
}

func TestDegradedLimiterIsCounted(t *testing.T) {
	m, issuer := newMeter(t), bearergatetest.NewIssuer()
	down := bearergate.LimiterFunc(func(context.Context, string) (bearergate.Quota, error) { return bearergate.Quota{}, errors.New("down") })
	local, err := bearergate.PerMinute(5)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { local.Close() })
	want := map[string]float64{"": 0}
	if diff := cmp.Diff(want, m.series(t, "bearergate.limiter.degradations")); diff != "" {
		t.Errorf("before any (-want +got):\n%s", diff)
	}
	api := m.configured(t, newAPI(issuer.Verifier(), down, bearergate.WithFallback(local)))
	send(api, "GET", "/orgs/acme/projects", issuer.InstallationToken())
	if diff := cmp.Diff(map[string]float64{"": 1}, m.series(t, "bearergate.limiter.degradations")); diff != "" {
		t.Errorf("after one (-want +got):\n%s", diff)
	}
}

// TestThievesAreCounted has a code exchanged twice, and a refresh token sent twice.
func TestThievesAreCounted(t *testing.T) {
	m, server := newMeter(t), bearergatetest.NewAppServer(nil)
	defer server.Close()
	api := m.configured(t, server.Config.Handler)
	code := authorize(t, api)
	first := exchange(t, api, url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {bearergatetest.DefaultRedirectURL}})
	for range 2 {
		exchange(t, api, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {first}})
	}
	if diff := cmp.Diff(map[string]float64{"": 1}, m.series(t, "bearergate.refresh.repeats")); diff != "" {
		t.Errorf("repeated answers (-want +got):\n%s", diff)
	}
	want := map[string]float64{"bearergate.theft=code_replayed": 0, "bearergate.theft=refresh_token_reused": 0}
	if diff := cmp.Diff(want, m.series(t, "bearergate.thefts")); diff != "" {
		t.Errorf("thefts before (-want +got):\n%s", diff)
	}
	exchange(t, api, url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {bearergatetest.DefaultRedirectURL}})
	want["bearergate.theft=code_replayed"] = 1
	if diff := cmp.Diff(want, m.series(t, "bearergate.thefts")); diff != "" {
		t.Errorf("thefts (-want +got):\n%s", diff)
	}
}

// authorize returns a code.
func authorize(t *testing.T, api http.Handler) string {
	t.Helper()
	query := url.Values{"response_type": {"code"}, "client_id": {bearergatetest.DefaultClientID}, "redirect_uri": {bearergatetest.DefaultRedirectURL}}
	rec := httptest.NewRecorder()
	api.ServeHTTP(rec, httptest.NewRequest("GET", "/oauth/authorize?"+query.Encode(), nil))
	back, err := rec.Result().Location()
	if err != nil {
		t.Fatal(err)
	}
	return back.Query().Get("code")
}

// exchange returns a refresh token, if there is one.
func exchange(t *testing.T, api http.Handler, form url.Values) string {
	t.Helper()
	r := httptest.NewRequest("POST", "/oauth/token", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth(bearergatetest.DefaultClientID, bearergatetest.DefaultClientSecret)
	rec := httptest.NewRecorder()
	api.ServeHTTP(rec, r)
	var answer struct {
		RefreshToken string `json:"refresh_token"`
	}
	if err := json.Unmarshal(rec.Body.Bytes(), &answer); err != nil {
		t.Fatal(err)
	}
	return answer.RefreshToken
}

// TestClientGoneIsNoOutage has a client close its connection while a verifier waits.
func TestClientGoneIsNoOutage(t *testing.T) {
	m := newMeter(t)
	waits := bearergate.VerifierFunc(func(ctx context.Context, _ string) (*bearergate.Token, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	})
	api := m.configured(t, bearergate.RequireToken(waits)(http.NotFoundHandler()))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	api.ServeHTTP(httptest.NewRecorder(), bearergatetest.NewRequest("GET", "/", "token").WithContext(ctx))
	want := map[string]float64{"bearergate.code=client_gone http.request.method=GET": 1}
	if diff := cmp.Diff(want, m.series(t, "bearergate.decisions")); diff != "" {
		t.Errorf("decisions (-want +got):\n%s", diff)
	}
}

// TestNoClientMakesSeries sends odd methods and paths, and has patterns that are not
// those of a route table.
func TestNoClientMakesSeries(t *testing.T) {
	m, issuer := newMeter(t), bearergatetest.NewIssuer()
	mux := http.NewServeMux()
	mux.Handle("/{path...}", bearergate.RequireToken(issuer.Verifier())(http.NotFoundHandler()))
	api, token := m.configured(t, mux), issuer.Token()
	for i := range 5_000 {
		send(api, fmt.Sprint("M", i), fmt.Sprint("/", i), token)
		send(api, "GET", fmt.Sprint("/", i), fmt.Sprint("bad", i))
	}
	want := map[string]float64{
		"bearergate.code=none http.request.method=_OTHER http.route=/{path...}":       5_000,
		"bearergate.code=invalid_token http.request.method=GET http.route=/{path...}": 5_000,
	}
	if diff := cmp.Diff(want, m.series(t, "bearergate.decisions")); diff != "" {
		t.Errorf("decisions (-want +got):\n%s", diff)
	}
}

func TestRoutesAreBounded(t *testing.T) {
	m := newMeter(t)
	observe := m.Observer(nil)
	for i := range 10_000 {
		observe(t.Context(), bearergate.Decision{Method: "GET", Pattern: fmt.Sprint("GET /", i)})
	}
	got := m.series(t, "bearergate.decision.duration")
	if rest := got["http.request.method=GET http.route=/_OTHER"]; len(got) != 1001 || rest != 9000 {
		t.Errorf("got %d series and %v decisions in /_OTHER, want 1001 and 9000", len(got), rest)
	}
}

func TestNextObserverReceivesTheDecision(t *testing.T) {
	m, issuer := newMeter(t), bearergatetest.NewIssuer()
	var got []bearergate.Code
	configure, err := bearergate.Configure(bearergate.Config{Observer: m.Observer(func(_ context.Context, d bearergate.Decision) {
		got = append(got, d.Code)
		panic("no log")
	})})
	if err != nil {
		t.Fatal(err)
	}
	api := configure(newAPI(issuer.Verifier(), unlimited))
	if status := send(api, "GET", "/anything", ""); status != 401 {
		t.Errorf("got status %d, want 401", status)
	}
	if want := []bearergate.Code{bearergate.ErrInvalidToken}; !cmp.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if got := m.series(t, "bearergate.decisions"); len(got) != 1 {
		t.Errorf("got the decisions %v, want one", got)
	}
}
