package chigate_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/bearergate/bearergate"
	chigate "github.com/bearergate/bearergate/adapters/chi"
	"github.com/bearergate/bearergate/bearergatetest"
	"github.com/bearergate/bearergate/routing/routingtest"
	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
)

// Rules: S1.26, S4.11, S4.15, S5.4, S5.7.
func TestAnswersAsServeMuxDoes(t *testing.T) {
	routingtest.Run(t, newRouter)
}

func newRouter(routes []routingtest.Route, onError func(http.ResponseWriter, *http.Request, error)) http.Handler {
	router := chi.NewRouter()
	for _, route := range routes {
		guarded := router.With()
		for _, guard := range route.Guards {
			guarded = guarded.With(chigate.Wrap(guard))
		}
		pattern := route.Pattern
		if strings.HasSuffix(pattern, "/") {
			pattern += "*"
		}
		guarded.MethodFunc(route.Method, pattern, func(w http.ResponseWriter, r *http.Request) {
			param := func(name string) string { return chi.URLParam(r, name) }
			if err := route.Handle(w, r, param); err != nil {
				onError(w, r, err)
			}
		})
	}
	return router
}

var issuer = bearergatetest.NewIssuer()

// answer serves a request with the token, and returns the answer and why.
func answer(handler http.Handler, method, path, token string) (status int, body string, decision bearergate.Decision) {
	observed := observe(func(_ context.Context, d bearergate.Decision) { decision = d })(handler)
	rec := httptest.NewRecorder()
	observed.ServeHTTP(rec, bearergatetest.NewRequest(method, path, token))
	return rec.Code, rec.Body.String(), decision
}

func tell(w http.ResponseWriter, r *http.Request) {
	fmt.Fprint(w, r.Pattern, " org=", chi.URLParam(r, "org"), r.PathValue("org"), " id=", chi.URLParam(r, "id"), r.PathValue("id"))
}

// router has guards in all the places that chi has for them.
func router() http.Handler {
	token := chigate.Wrap(bearergate.RequireToken(issuer.Verifier()))
	org := chigate.Wrap(bearergate.RequireOrg(bearergate.PathValue("org")))
	scopes := chigate.Wrap(bearergate.RequireRouteScopes(bearergate.RouteScopes{
		"/below/":                         {},
		"GET /route/{org}/listed/{id}":    {"read"},
		"GET /route/{org}/files/":         {"read"},
		"GET /route/{org}/{id:[0-9]+}":    {"read"},
		"GET /group/{org}/listed":         {"read"},
		"GET /{$}":                        {"read"},
		"GET /slash":                      {},
		"GET /slash/{$}":                  {"read"},
		"GET /root":                       {"read"},
		"GET /route/{org}/mounted/{id}/x": {"read"},
	}))
	r := chi.NewRouter()
	r.Use(token)
	r.With(org).Get("/with/{org}", tell)
	r.With(scopes).Get("/", tell)
	r.Group(func(r chi.Router) {
		r.Use(org, scopes)
		r.Get("/group/{org}/listed", tell)
		r.Get("/group/{org}/unlisted", tell)
	})
	r.Route("/route/{org}", func(r chi.Router) {
		r.Use(org)
		r.With(scopes).Get("/listed/{id}", tell)
		r.With(scopes).Get("/files/*", tell)
		r.With(scopes).Get("/{id:[0-9]+}", tell)
		r.With(org).Get("/twice/{id}", tell)
		mounted := chi.NewRouter()
		mounted.Use(org)
		mounted.With(org, scopes).Get("/{id}/x", tell)
		r.Mount("/mounted", mounted)
	})
	r.With(scopes).Get("/slash", tell)
	r.With(scopes).Get("/slash/", tell)
	r.Route("/root", func(r chi.Router) { r.With(scopes).Get("/", tell) })
	r.Mount("/early", func() http.Handler {
		r := chi.NewRouter()
		r.Use(org)
		r.Get("/{org}", tell)
		return r
	}())
	r.Mount("/below", func() http.Handler {
		r := chi.NewRouter()
		r.Use(scopes)
		r.Get("/{org}/admin", tell)
		return r
	}())
	return r
}

// Rules: S4.15.
func TestGuardsStandInUseWithGroupRouteAndMount(t *testing.T) {
	read, none := issuer.AccessToken(bearergatetest.WithScopes("read")), issuer.AccessToken()
	for _, c := range []struct {
		path, token, want string
	}{
		{"/with/acme", none, "200 /with/{org} org=acmeacme id="},
		{"/with/%61cme", none, "200 /with/{org} org=acmeacme id="},
		{"/with/umbrella", none, `403 {"error":"wrong_organization"}`},
		{"/with/acme", "", `401 {"error":"invalid_token"}`},
		{"/", read, "200 /{$} org= id="},
		{"/", none, `403 {"error":"missing_scope","required":"read"}`},
		{"/slash", none, "200 /slash org= id="},
		{"/slash/", none, `403 {"error":"missing_scope","required":"read"}`},
		{"/slash/", read, "200 /slash/{$} org= id="},
		{"/root", read, "200 /root org= id="},
		{"/root/", read, "200 /root org= id="},
		{"/root/", none, `403 {"error":"missing_scope","required":"read"}`},
		{"/group/acme/listed", read, "200 /group/{org}/listed org=acmeacme id="},
		{"/group/acme/listed", none, `403 {"error":"missing_scope","required":"read"}`},
		{"/group/acme/unlisted", read, `500 {"error":"server_error"}`},
		{"/route/acme/listed/7", read, "200 /route/{org}/listed/{id} org=acmeacme id=77"},
		{"/route/acme/listed/7", none, `403 {"error":"missing_scope","required":"read"}`},
		{"/route/umbrella/listed/7", read, `403 {"error":"wrong_organization"}`},
		{"/route/acme/files/a/b", read, "200 /route/{org}/files/ org=acmeacme id="},
		{"/route/acme/files/a/b", none, `403 {"error":"missing_scope","required":"read"}`},
		{"/route/acme/7", read, "200 /route/{org}/{id:[0-9]+} org=acmeacme id=77"},
		{"/route/%61cme/twice/%2561", none, "200 /route/{org}/twice/{id} org=acmeacme id=%61%61"},
		{"/route/%2561cme/twice/%61", none, `403 {"error":"wrong_organization"}`},
		{"/route/%61cme/mounted/%2561/x", read, "200 /route/{org}/mounted/{id}/x org=acmeacme id=%61%61"},
		{"/route/acme//x", none, `400 {"error":"invalid_request"}`},
	} {
		status, body, decision := answer(router(), "GET", c.path, c.token)
		if got := fmt.Sprint(status, " ", strings.TrimSpace(body)); got != c.want {
			t.Errorf("%s: got %s, want %s (%v)", c.path, got, c.want, decision.Reason)
		}
	}
}

// Rules: S4.13.
func TestGuardThatStandsTooEarlyRefusesAndSaysWhatToDo(t *testing.T) {
	for path, want := range map[string]string{
		"/early/acme":       `no path parameter "org", or it is not known yet: guards that read one stand inside of the mux, on the route or on its group`,
		"/below/acme/admin": "RequireRouteScopes does not know the route: put it on the routes or their group",
	} {
		status, _, decision := answer(router(), "GET", path, issuer.AccessToken(bearergatetest.WithScopes("read")))
		if status != 500 || decision.Reason == nil || !strings.Contains(decision.Reason.Error(), want) {
			t.Errorf("%s: got %d, %v", path, status, decision.Reason)
		}
	}
}

func TestParametersOfAMuxOutsideAreKnownInUse(t *testing.T) {
	r := chi.NewRouter()
	r.Use(chigate.Wrap(bearergate.RequireToken(issuer.Verifier()), bearergate.RequireOrg(bearergate.PathValue("org"))))
	r.Get("/orgs/{org}/projects", tell)
	mux := http.NewServeMux()
	mux.Handle("GET /orgs/{org}/", r)
	for path, want := range map[string]int{"/orgs/acme/projects": 200, "/orgs/umbrella/projects": 403} {
		if got, body, d := answer(mux, "GET", path, issuer.AccessToken()); got != want || d.Pattern != "GET /orgs/{org}/*" {
			t.Errorf("%s: got %d %s for %q", path, got, body, d.Pattern)
		}
	}
}

// TestScopesAreThoseOfTheRouteThatAnswers is a middleware that has chi route by
// another method than the request's.
//
// Rules: S4.15.
func TestScopesAreThoseOfTheRouteThatAnswers(t *testing.T) {
	r := chi.NewRouter()
	r.Use(func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			chi.RouteContext(r.Context()).RouteMethod = "DELETE"
			next.ServeHTTP(w, r)
		})
	})
	table := bearergate.RouteScopes{"GET /projects/{id}": {}, "DELETE /projects/{id}": {"delete"}}
	guarded := r.With(chigate.Wrap(bearergate.RequireToken(issuer.Verifier()), bearergate.RequireRouteScopes(table)))
	guarded.Get("/projects/{id}", tell)
	guarded.Delete("/projects/{id}", tell)
	if got, body, _ := answer(r, "GET", "/projects/1", issuer.AccessToken()); got != 403 {
		t.Errorf("got %d %s", got, body)
	}
}

// TestNothingIsDecodedTwice is a middleware that has chi match the decoded path
// where that ends in a slash.
func TestNothingIsDecodedTwice(t *testing.T) {
	r := chi.NewRouter()
	r.Use(middleware.StripSlashes)
	r.With(chigate.Wrap(bearergate.RequireToken(issuer.Verifier()), bearergate.RequireOrg(bearergate.PathValue("org")))).Get("/orgs/{org}", tell)
	for path, want := range map[string]int{"/orgs/acme/": 200, "/orgs/%61cme/": 200, "/orgs/%61cme": 200, "/orgs/%2561cme%2F": 403, "/orgs/%2561cme/": 403} {
		if got, body, _ := answer(r, "GET", path, issuer.AccessToken()); got != want {
			t.Errorf("%s: got %d %s", path, got, body)
		}
	}
}

func TestPattern(t *testing.T) {
	for pattern, want := range map[string]string{
		"/": "/{$}", "/orgs": "/orgs", "/orgs/": "/orgs", "/orgs/{org}": "/orgs/{org}", "/files/*": "/files/", "/*": "/", "/x/{id:[0-9]+}": "/x/{id:[0-9]+}",
	} {
		if got := chigate.Pattern(pattern); got != want {
			t.Errorf("%s: got %s, want %s", pattern, got, want)
		}
	}
}

func observe(o bearergate.Observer) bearergate.Middleware {
	configure, err := bearergate.Configure(bearergate.Config{Observer: o})
	if err != nil {
		panic(err)
	}
	return configure
}
