package bearergatetest_test

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"net/http"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/bearergatetest"
	"github.com/bearergate/bearergate/internal/mustfail"
)

// wiring is an API that can be wired wrongly.
type wiring struct {
	issuer   *bearergatetest.Issuer
	grants   *bearergate.MemoryGrants
	down     bool // the grants
	budget   bearergate.Limiter
	failures bearergate.Middleware // LimitFailedAuthentication
	guards   []namedGuard
	config   bearergate.Config
	around   bearergate.Middleware // everything
	serve    http.HandlerFunc
	mint     func(bearergate.Claims) string
	routes   bearergatetest.Routes // what the test says of it
	patterns []string
}

type namedGuard struct {
	name  string
	guard bearergate.Middleware
}

const wiredRoute = "GET /orgs/{org}/projects"

// newWiring returns an API that has every guard, and the routes as they are.
func newWiring(t *testing.T) *wiring {
	t.Helper()
	w := &wiring{issuer: bearergatetest.NewIssuer(), grants: new(bearergate.MemoryGrants), patterns: []string{wiredRoute}}
	w.mint, w.budget = w.issuer.Mint, perMinute(t, 3)
	w.guards = []namedGuard{
		{"token", bearergate.RequireToken(w.issuer.Verifier(), bearergate.InstallationToken)},
		{"limit", bearergate.RateLimit(w.budget)},
		{"grant", bearergate.RequireGrant(bearergate.GrantStoreFunc(w.grant))},
		{"org", bearergate.RequireOrg(bearergate.PathValue("org"))},
		{"scope", bearergate.RequireScope("projects:read", "projects:list")},
	}
	w.failures = bearergate.LimitFailedAuthentication(perMinute(t, 5))
	w.around = bearergate.Chain()
	w.serve = func(w http.ResponseWriter, r *http.Request) {
		w.Write([]byte("projects of " + r.PathValue("org") + "\n"))
	}
	w.routes = bearergatetest.Routes{
		Scopes: bearergate.RouteScopes{wiredRoute: {"projects:read", "projects:list"}},
		Type:   bearergate.InstallationToken, Budget: 3, Failures: 5, Org: "org", PutGrant: w.grants.Put,
		Outages: map[string]func(bool){"grant store": func(down bool) { w.down = down }},
	}
	return w
}

func perMinute(t *testing.T, n uint64) *bearergate.MemoryLimiter {
	t.Helper()
	limiter, err := bearergate.PerMinute(n)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { limiter.Close() })
	return limiter
}

func (w *wiring) index(name string) int {
	return slices.IndexFunc(w.guards, func(g namedGuard) bool { return g.name == name })
}

func (w *wiring) replace(name string, guard bearergate.Middleware) {
	w.guards[w.index(name)].guard = guard
}

func (w *wiring) remove(name string) { w.replace(name, bearergate.Chain()) }

// onlyToken removes all guards but RequireToken, on purpose.
func (w *wiring) onlyToken() {
	for _, g := range w.guards[1:] {
		w.remove(g.name)
	}
	w.routes = bearergatetest.Routes{Scopes: bearergate.RouteScopes{wiredRoute: nil}, Type: bearergate.InstallationToken}
}

// opaque gives the API opaque tokens. It finds one by its key, and answers an unknown
// one with the error.
func (w *wiring) opaque(key func(token string) string, unknown error) {
	var tokens sync.Map // of claims by their key
	w.mint = func(c bearergate.Claims) string {
		token := "oat_" + rand.Text() + rand.Text()
		tokens.Store(key(token), c)
		return token
	}
	w.verifyBy(bearergate.VerifierFunc(func(_ context.Context, raw string) (*bearergate.Token, error) {
		c, ok := tokens.Load(key(raw))
		switch {
		case !ok:
			return nil, unknown
		case time.Now().After(c.(bearergate.Claims).ExpiresAt):
			return nil, bearergate.ErrInvalidToken
		}
		return bearergate.NewToken(c.(bearergate.Claims)), nil
	}))
}

func (w *wiring) swap(a, b string) {
	i, j := w.index(a), w.index(b)
	w.guards[i], w.guards[j] = w.guards[j], w.guards[i]
}

func (w *wiring) api(t *testing.T) http.Handler {
	t.Helper()
	configure, err := bearergate.Configure(w.config)
	if err != nil {
		t.Fatal(err)
	}
	var guards []bearergate.Middleware
	for _, g := range w.guards {
		guards = append(guards, g.guard)
	}
	mux := http.NewServeMux()
	for _, p := range w.patterns {
		mux.Handle(p, bearergate.Chain(guards...)(w.serve))
	}
	return bearergate.Chain(w.around, configure, w.failures)(mux)
}

// TestRoutesThatCannotBeTestedFail has mistakes of the test itself.
func TestRoutesThatCannotBeTestedFail(t *testing.T) {
	table := func(patterns ...string) bearergate.RouteScopes {
		scopes := make(bearergate.RouteScopes)
		for _, p := range patterns {
			scopes[p] = []string{"a"}
		}
		return scopes
	}
	for name, routes := range map[string][]bearergatetest.Routes{
		"no routes":                        nil,
		"no scopes":                        {{}},
		"no pattern":                       {{Scopes: table("GET projects")}},
		"a pattern that ends in a space":   {{Scopes: table("/projects ")}},
		"no scope":                         {{Scopes: bearergate.RouteScopes{"GET /projects": {"a b"}}}},
		"another parameter in Org":         {{Scopes: table("GET /orgs/{org}", "GET /orgs"), Org: "org"}},
		"another parameter in GrantInPath": {{Scopes: table("GET /installations/{id}"), GrantInPath: "grantId"}},
		"another parameter in PathValues":  {{Scopes: table("GET /projects/{id}"), PathValues: map[string]string{"ID": "7"}}},
	} {
		mustfail.Run(t, name, func(t *testing.T) {
			api := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { os.Exit(0) }) // a failure has to come before any request
			bearergatetest.TestErrorTable(t, api, bearergatetest.NewIssuer().Mint, routes...)
		})
	}
}

// Rules: S5.1 to S5.4.
func TestAPIThatIsWiredWellPasses(t *testing.T) {
	w := newWiring(t)
	bearergatetest.TestErrorTable(t, w.api(t), w.mint, w.routes)
}

func (w *wiring) grant(ctx context.Context, id string) (bearergate.Grant, error) {
	if w.down {
		return bearergate.Grant{}, errors.New("connection refused")
	}
	return w.grants.Grant(ctx, id)
}

func decode(segment string) []byte {
	text, err := base64.RawURLEncoding.DecodeString(segment)
	if err != nil {
		return nil
	}
	return text
}
