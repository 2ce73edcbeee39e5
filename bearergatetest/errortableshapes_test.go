package bearergatetest_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/bearergatetest"
	"github.com/bearergate/bearergate/jwtverifier"
)

var served http.HandlerFunc = func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "served") }

// TestAPIOfAnyShapePasses has good APIs whose guards are not those of newWiring.
func TestAPIOfAnyShapePasses(t *testing.T) {
	issuer := bearergatetest.NewIssuer()
	token := bearergate.RequireToken(issuer.Verifier())
	for name, c := range map[string]struct {
		pattern string
		guards  bearergate.Middleware
		handler http.HandlerFunc
		scopes  []string
		routes  bearergatetest.Routes
	}{
		"a token is enough": {pattern: "GET /whoami", guards: token},
		"no HEAD":           {pattern: "GET /whoami", guards: bearergate.Chain(withoutHead, token)},
		"early hints":       {pattern: "GET /whoami", guards: bearergate.Chain(hints, token)},
		"all methods":       {pattern: "/whoami", guards: token},
		"a host and the rest of a path": {
			pattern: "GET api.example/files/{path...}", guards: bearergate.Chain(token, bearergate.RequireScope("files:read")), scopes: []string{"files:read"},
		},
		"the root": {pattern: "GET /{$}", guards: token},
		"a value that has to be escaped": {
			pattern: "GET /projects/{name}", guards: token, routes: bearergatetest.Routes{PathValues: map[string]string{"name": "100 %?"}},
		},
		"one of the scopes": {
			pattern: "GET /projects", guards: bearergate.Chain(token, bearergate.RequireAnyScope("a", "b")), scopes: []string{"a", "b"},
			routes: bearergatetest.Routes{AnyScope: true},
		},
		"anonymous callers": {pattern: "GET /articles", guards: bearergate.OptionalToken(issuer.Verifier()), routes: bearergatetest.Routes{Optional: true}},
		"anonymous callers without the scope": {
			pattern: "GET /articles", guards: bearergate.Chain(bearergate.OptionalToken(issuer.Verifier()), bearergate.RequireScope("a")), scopes: []string{"a"},
			routes: bearergatetest.Routes{Optional: true},
		},
		"anonymous callers and a limit": {
			pattern: "GET /articles", guards: bearergate.Chain(bearergate.OptionalToken(issuer.Verifier()), bearergate.RateLimit(perMinute(t, 3))),
			routes: bearergatetest.Routes{Optional: true, Budget: 3},
		},
		"a limit for each user": {
			pattern: "GET /projects", guards: bearergate.Chain(token, bearergate.RateLimit(perMinute(t, 1000), bearergate.WithKey("user", bearergate.UserKey))),
			routes: bearergatetest.Routes{Budget: 1000},
		},
		"two limits": {
			pattern: "GET /projects",
			guards: bearergate.Chain(token, bearergate.RateLimit(perMinute(t, 9), bearergate.WithKey("app", bearergate.ClientKey)),
				bearergate.RateLimit(perMinute(t, 3), bearergate.WithKey("user", bearergate.UserKey))),
			routes: bearergatetest.Routes{Budget: 3},
		},
		"a limit for each organization": {
			pattern: "GET /orgs/{org}/projects",
			guards: bearergate.Chain(token, bearergate.RateLimit(perMinute(t, 3), bearergate.WithKey("organization", bearergate.OrganizationKey)),
				bearergate.RequireOrg(bearergate.PathValue("org"))),
			routes: bearergatetest.Routes{Budget: 3, Org: "org"},
		},
		"a limit for each organization, which no path names": {
			pattern: "GET /projects",
			guards:  bearergate.Chain(token, bearergate.RateLimit(perMinute(t, 3), bearergate.WithKey("organization", bearergate.OrganizationKey))),
			routes:  bearergatetest.Routes{Budget: 3},
		},
		"a parameter that is escaped in the path": {
			pattern: "GET /projects/{id}/files/{path...}", guards: token, handler: onlyAt("/projects/a/b é%2F/files/c d/e"),
			routes: bearergatetest.Routes{PathValues: map[string]string{"id": "a/b é%2F", "path": "c d/e"}},
		},
		"a header that is set too late in every answer": {pattern: "GET /whoami", guards: bearergate.Chain(timed, token)},
		"one organization": {
			pattern: "GET /orgs/{org}/projects", guards: bearergate.Chain(token, bearergate.RequireOrg(bearergate.PathValue("org"))),
			handler: onlyAt("/orgs/acme/projects"),
			routes:  bearergatetest.Routes{Org: "org", PathValues: map[string]string{"org": "acme"}},
		},
		"a table of scopes": {
			pattern: "POST /projects/{id}", guards: bearergate.Chain(token, bearergate.RequireRouteScopes(bearergate.RouteScopes{"POST /projects/{id}": {"a", "b"}})),
			handler: needsBody, scopes: []string{"a", "b"},
			routes: bearergatetest.Routes{Prepare: withBody},
		},
	} {
		t.Run(name, func(t *testing.T) {
			c.routes.Scopes = bearergate.RouteScopes{c.pattern: c.scopes}
			if c.handler == nil {
				c.handler = served
			}
			mux := http.NewServeMux()
			mux.Handle(c.pattern, c.guards(c.handler))
			bearergatetest.TestErrorTable(t, mux, issuer.Mint, c.routes)
		})
	}
}

// withoutHead serves as routers do that have no route for HEAD.
func withoutHead(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodHead {
			w.WriteHeader(http.StatusMethodNotAllowed)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func hints(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusEarlyHints)
		next.ServeHTTP(w, r)
	})
}

func timed(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(w, r)
		w.Header().Set("X-Response-Time", "3ms")
	})
}

// onlyAt fails for every other path.
func onlyAt(path string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != path {
			panic("got the path " + r.URL.Path)
		}
	}
}

func withBody(r *http.Request) {
	r.Header.Set("Content-Type", "application/json")
	r.Body = io.NopCloser(strings.NewReader(`{}`))
}

func needsBody(w http.ResponseWriter, r *http.Request) {
	if err := json.NewDecoder(r.Body).Decode(new(struct{})); err != nil {
		bearergate.Refuse(w, r, bearergate.ErrInvalidRequest)
		return
	}
	w.WriteHeader(http.StatusCreated)
}

// members belong to organizations.
type members struct{ of sync.Map }

func (m *members) isMember(_ context.Context, token *bearergate.Token, org string) (bool, error) {
	_, ok := m.of.Load([2]string{token.Subject(), org})
	return ok, nil
}

func TestUsersOfSeveralOrganizationsPassIfMintMakesThemMembers(t *testing.T) {
	issuer, users := bearergatetest.NewIssuer(), new(members)
	mux := http.NewServeMux()
	mux.Handle("GET /orgs/{org}/projects", bearergate.Chain(
		bearergate.RequireToken(issuer.Verifier()),
		bearergate.RequireMembership(bearergate.PathValue("org"), users.isMember),
	)(served))
	mint := func(c bearergate.Claims) string {
		users.of.Store([2]string{c.Subject, c.OrganizationID}, true)
		return issuer.Mint(c)
	}
	bearergatetest.TestErrorTable(t, mux, mint, bearergatetest.Routes{
		Scopes: bearergate.RouteScopes{"GET /orgs/{org}/projects": nil}, Org: "org",
	})
}

// TestParameterWithARegularExpressionHasItsValue has a pattern of chi.
func TestParameterWithARegularExpressionHasItsValue(t *testing.T) {
	issuer := bearergatetest.NewIssuer()
	guarded := bearergate.Chain(bearergate.RequireToken(issuer.Verifier()), bearergate.RequireOrg(bearergate.PathValue("org")))(served)
	api := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.SetPathValue("org", strings.Split(r.URL.Path, "/")[2])
		guarded.ServeHTTP(w, r)
	})
	bearergatetest.TestErrorTable(t, api, issuer.Mint, bearergatetest.Routes{
		Scopes: bearergate.RouteScopes{"GET /orgs/{org:[a-z0-9-]+}/projects": nil}, Org: "org",
	})
}

func TestSettingsOfAProviderPassWithItsClaims(t *testing.T) {
	issuer := bearergatetest.NewIssuer()
	settings := issuer.Config()
	settings.RequiredClaims = map[string]string{"typ": "Bearer"}
	verifier, err := jwtverifier.New(settings)
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("GET /projects", bearergate.Chain(bearergate.RequireToken(verifier), bearergate.RequireScope("a"))(served))
	mint := func(c bearergate.Claims) string {
		c.Raw = `{"typ":"Bearer"}`
		return issuer.Mint(c)
	}
	bearergatetest.TestErrorTable(t, mux, mint, bearergatetest.Routes{Scopes: bearergate.RouteScopes{"GET /projects": {"a"}}})
}

func TestOpaqueTokensPass(t *testing.T) {
	w := newWiring(t)
	w.opaque(func(token string) string { return token }, bearergate.ErrInvalidToken)
	bearergatetest.TestErrorTable(t, w.api(t), w.mint, w.routes)
}

func TestBodiesOfAnotherFormatPassIfTheWriterIsNamed(t *testing.T) {
	w := newWiring(t)
	w.config.ErrorWriter = func(w http.ResponseWriter, r *http.Request, e *bearergate.Error) {
		bearergate.WriteError(&plain{w, e}, r, e)
	}
	w.config.ReferenceURL, w.config.ResourceMetadataURL = "https://docs.example/errors", "https://api.example/.well-known/oauth-protected-resource"
	w.config.DefaultScope, w.config.Realm = "projects:read", "projects"
	w.routes.ErrorWriter = w.config.ErrorWriter
	bearergatetest.TestErrorTable(t, w.api(t), w.mint, w.routes)
}

// plain writes a refusal as text.
type plain struct {
	http.ResponseWriter
	refusal *bearergate.Error
}

func (p *plain) WriteHeader(status int) {
	p.Header().Set("Content-Type", "text/plain")
	p.Header().Del("Content-Length")
	p.ResponseWriter.WriteHeader(status)
}

func (p *plain) Write(b []byte) (int, error) {
	fmt.Fprintln(p.ResponseWriter, p.refusal.Code, p.refusal.Required)
	return len(b), nil
}

func TestWriterReceivesThePathOfTheRequest(t *testing.T) {
	w := newWiring(t)
	w.config.ErrorWriter = func(w http.ResponseWriter, r *http.Request, e *bearergate.Error) {
		w.Header().Set("Instance", r.URL.Path)
		bearergate.WriteError(&plain{w, &bearergate.Error{Code: e.Code, Required: r.URL.Path}}, r, e)
	}
	w.patterns = []string{"GET /projects"}
	w.remove("org")
	w.remove("grant")
	w.routes.Scopes = bearergate.RouteScopes{"GET /projects": {"projects:read", "projects:list"}}
	w.routes.ErrorWriter, w.routes.Org, w.routes.PutGrant, w.routes.Outages = w.config.ErrorWriter, "", nil, nil
	bearergatetest.TestErrorTable(t, w.api(t), w.mint, w.routes)
}

func TestSeveralGroupsOfRoutesAreTestedInOneCall(t *testing.T) {
	issuer := bearergatetest.NewIssuer()
	mux := http.NewServeMux()
	mux.Handle("GET /projects", bearergate.Chain(bearergate.RequireToken(issuer.Verifier()), bearergate.RequireScope("a"))(served))
	mux.Handle("GET /articles", bearergate.OptionalToken(issuer.Verifier())(served))
	bearergatetest.TestErrorTable(t, mux, issuer.Mint,
		bearergatetest.Routes{Scopes: bearergate.RouteScopes{"GET /projects": {"a"}}},
		bearergatetest.Routes{Scopes: bearergate.RouteScopes{"GET /articles": nil}, Optional: true},
	)
}

func TestMintedTokenHasTheClaims(t *testing.T) {
	issuer := bearergatetest.NewIssuer()
	want := bearergatetest.InstallationClaims("a", "b")
	want.ID, want.Subject, want.ProjectIDs, want.Raw = "token-7", "user-7", []string{"p1"}, `{"plan":"pro"}`
	got, err := issuer.Verifier().VerifyToken(t.Context(), issuer.Mint(want))
	if err != nil {
		t.Fatal(err)
	}
	var raw struct{ Plan string }
	if err := got.Decode(&raw); err != nil || raw.Plan != "pro" {
		t.Errorf("got the plan %q, %v, want pro", raw.Plan, err)
	}
	type facts struct{ typ, id, subject, client, grant, org, installation, projects, scopes, issuer, audience string }
	list := func(ids []string) string { return strings.Join(ids, " ") }
	if got, want := (facts{string(got.Type()), got.ID(), got.Subject(), got.ClientID(), got.GrantID(), got.OrganizationID(), got.InstallationID(), list(got.ProjectIDs()), list(got.Scopes()), got.Issuer(), list(got.Audience())}),
		(facts{"installation", "token-7", "user-7", "app-1", "grant-1", "acme", "installation-1", "p1", "a b", bearergatetest.DefaultIssuer, bearergatetest.DefaultAudience}); got != want {
		t.Errorf("got the token %+v, want %+v", got, want)
	}
}
