package code_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"
	"time"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/bearergatetest"
)

func wiring(verifier bearergate.Verifier, budget, failures bearergate.Limiter, listProjects, createProject http.Handler) (http.Handler, error) {
	configure, err := bearergate.Configure(bearergate.Config{
		Realm:        "projects",
		ReferenceURL: "https://docs.example/errors", // every refusal links to its code there
	})
	if err != nil {
		return nil, err
	}
	guarded := bearergate.Chain(
		bearergate.RequireToken(verifier),
		bearergate.RateLimit(budget),
		bearergate.RequireOrg(bearergate.PathValue("org")),
	)
	mux := http.NewServeMux()
	mux.Handle("GET /orgs/{org}/projects", bearergate.Chain(guarded, bearergate.RequireScope("projects:read"))(listProjects))
	mux.Handle("POST /orgs/{org}/projects", bearergate.Chain(guarded, bearergate.RequireScope("projects:write"))(createProject))
	return bearergate.Chain(
		configure,
		bearergate.LimitFailedAuthentication(failures, bearergate.WithTrustedProxies(netip.MustParsePrefix("10.0.0.0/8"))),
	)(mux), nil
}

func limits() (budget, failures *bearergate.MemoryLimiter, err error) {
	budget, err = bearergate.PerMinute(1000)
	if err != nil {
		return nil, nil, err
	}
	failures, err = bearergate.PerWindow(300, 5*time.Minute)
	return budget, failures, err
}

var scopes = bearergate.RouteScopes{
	"GET /projects/{id}":    {"projects:read"},
	"DELETE /projects/{id}": {"projects:read", "projects:write"},
	"GET /whoami":           {}, // any token
}

func routeTable(verifier bearergate.Verifier, getProject, deleteProject, whoami http.Handler) http.Handler {
	mux := http.NewServeMux()
	guarded := bearergate.Chain(bearergate.RequireToken(verifier), bearergate.RequireRouteScopes(scopes))
	mux.Handle("GET /projects/{id}", guarded(getProject))
	mux.Handle("DELETE /projects/{id}", guarded(deleteProject))
	mux.Handle("GET /whoami", guarded(whoami))
	return mux
}

// A plan is a claim of this example's tokens.
func requirePlan(plan string) bearergate.Middleware {
	return bearergate.Require(func(r *http.Request) error {
		token, ok := bearergate.TokenFrom(r.Context())
		if !ok {
			return bearergate.ErrServerError // RequireToken is missing
		}
		var claims struct {
			Plan string `json:"plan"`
		}
		if err := token.Decode(&claims); err != nil {
			return err // 503
		}
		if claims.Plan != plan {
			return fmt.Errorf("%w: plan %q", bearergate.ErrForbidden, claims.Plan) // 403; the text goes to the log
		}
		return nil
	})
}

func getReport(w http.ResponseWriter, r *http.Request) {
	token, _ := bearergate.TokenFrom(r.Context())
	if r.PathValue("owner") != token.Subject() {
		bearergate.Refuse(w, r, bearergate.ErrForbidden)
		return
	}
	fmt.Fprintln(w, "the report")
}

func cors(api http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Access-Control-Allow-Origin", "https://app.example")
		h.Set("Access-Control-Expose-Headers", "WWW-Authenticate, Retry-After, RateLimit, RateLimit-Policy")
		if r.Method == http.MethodOptions && r.Header.Get("Access-Control-Request-Method") != "" {
			h.Set("Access-Control-Allow-Headers", "Authorization, Content-Type")
			h.Set("Access-Control-Allow-Methods", "GET, POST")
			w.WriteHeader(http.StatusNoContent)
			return
		}
		api.ServeHTTP(w, r)
	})
}

var ok = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })

// status returns the answer of a handler to a request with a token.
func status(h http.Handler, method, target, token string) int {
	answer := httptest.NewRecorder()
	h.ServeHTTP(answer, bearergatetest.NewRequest(method, target, token))
	return answer.Code
}

func TestWiringOfGuardsPage(t *testing.T) {
	issuer := bearergatetest.NewIssuer()
	budget, failures, err := limits()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { budget.Close(); failures.Close() })
	api, err := wiring(issuer.Verifier(), budget, failures, ok, ok)
	if err != nil {
		t.Fatal(err)
	}
	read := issuer.AccessToken(bearergatetest.WithScopes("projects:read"))
	for _, test := range []struct {
		method, target string
		want           int
	}{
		{"GET", "/orgs/acme/projects", 200},
		{"POST", "/orgs/acme/projects", 403},
		{"GET", "/orgs/umbrella/projects", 403},
	} {
		if got := status(api, test.method, test.target, read); got != test.want {
			t.Errorf("%s %s: got %d, want %d", test.method, test.target, got, test.want)
		}
	}
}

func TestRouteTableOfGuardsPage(t *testing.T) {
	issuer := bearergatetest.NewIssuer()
	api := routeTable(issuer.Verifier(), ok, ok, ok)
	read := issuer.AccessToken(bearergatetest.WithScopes("projects:read"))
	for target, want := range map[string]int{"/projects/p1": 200, "/whoami": 200} {
		if got := status(api, "GET", target, read); got != want {
			t.Errorf("GET %s: got %d, want %d", target, got, want)
		}
	}
	if got := status(api, "DELETE", "/projects/p1", read); got != 403 {
		t.Errorf("DELETE /projects/p1: got %d, want 403", got)
	}
}

func TestOwnRulesOfGuardsPage(t *testing.T) {
	issuer := bearergatetest.NewIssuer()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /reports/{owner}", getReport)
	api := cors(bearergate.Chain(bearergate.RequireToken(issuer.Verifier()), requirePlan("pro"))(mux))
	pro, free := bearergatetest.WithClaim("plan", "pro"), bearergatetest.WithClaim("plan", "free")
	for _, test := range []struct {
		target, token string
		want          int
	}{
		{"/reports/user-1", issuer.AccessToken(pro), 200},
		{"/reports/user-2", issuer.AccessToken(pro), 403},
		{"/reports/user-1", issuer.AccessToken(free), 403},
	} {
		if got := status(api, "GET", test.target, test.token); got != test.want {
			t.Errorf("GET %s: got %d, want %d", test.target, got, test.want)
		}
	}
	preflight := httptest.NewRequest("OPTIONS", "/reports/user-1", nil)
	preflight.Header.Set("Access-Control-Request-Method", "GET")
	answer := httptest.NewRecorder()
	if api.ServeHTTP(answer, preflight); answer.Code != http.StatusNoContent {
		t.Errorf("preflight: got %d, want 204", answer.Code)
	}
}
