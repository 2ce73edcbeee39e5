package chigate_test

import (
	"net/http"
	"testing"

	"github.com/bearergate/bearergate"
	chigate "github.com/bearergate/bearergate/adapters/chi"
	"github.com/bearergate/bearergate/bearergatetest"
	"github.com/go-chi/chi/v5"
)

// TestGuardIsNotPassedByTheWayToItsRoute has a guard in each place, with a table
// that asks less for what is around a route than for the route.
//
// Rules: S4.17, S4.20.
func TestGuardIsNotPassedByTheWayToItsRoute(t *testing.T) {
	guard := chigate.Wrap(bearergate.RequireToken(issuer.Verifier()), bearergate.RequireRouteScopes(bearergate.RouteScopes{
		"/": {}, "/{$}": {}, "/in/": {}, "/in": {}, "/in/{id}/": {}, "GET /in/admin": {"admin"}, "GET /in/files/": {"files"}, "GET /in/{id}/files/": {"files"},
	}, bearergate.AllowUnlistedRoutes()))
	inside := func(guards ...func(http.Handler) http.Handler) chi.Router {
		r := chi.NewRouter()
		r.Use(guards...)
		r.Get("/admin", tell)
		r.Get("/files/*", tell)
		r.Route("/{id}", func(r chi.Router) { r.Get("/files/*", tell) })
		return r
	}
	with := chi.NewRouter()
	with.With(guard).Get("/admin", tell)
	with.With(guard).Get("/files/*", tell)
	with.Route("/{id}", func(r chi.Router) { r.With(guard).Get("/files/*", tell) })

	for name, c := range map[string]struct {
		build func(r chi.Router)
		want  int // of who lacks the scope
		good  int // of who has it
	}{
		"on the routes": {func(r chi.Router) { r.Mount("/in", with) }, 403, 200},
		"below a mount of the root": {func(r chi.Router) {
			r.Mount("/", func() chi.Router { r := chi.NewRouter(); r.Mount("/in", with); return r }())
		}, 403, 200},
		"in Use of the router inside": {func(r chi.Router) { r.Mount("/in", inside(guard)) }, 500, 500},
		"in Use of a router that is hidden": {func(r chi.Router) {
			r.Mount("/in", http.HandlerFunc(inside(guard).ServeHTTP))
		}, 500, 500},
		"on the routes of a router that is hidden": {func(r chi.Router) { r.Mount("/in", http.HandlerFunc(with.ServeHTTP)) }, 500, 500},
		"around Mount": {func(r chi.Router) { r.With(guard).Mount("/in", inside()) }, 500, 500},
		"around Mount of a router that is hidden": {func(r chi.Router) {
			r.With(guard).Mount("/in", http.HandlerFunc(inside().ServeHTTP))
		}, 500, 500},
		"in Use of the outermost router": {func(r chi.Router) { r.Use(guard); r.Mount("/in", inside()) }, 500, 500},
	} {
		t.Run(name, func(t *testing.T) {
			router := chi.NewRouter()
			c.build(router)
			mux := http.NewServeMux() // whose pattern is not the route's
			mux.Handle("/in/", router)
			for _, path := range []string{"/in/admin", "/in/files/", "/in/files/x", "/in/7/files/", "/in/7/files/x"} {
				for _, handler := range []http.Handler{router, mux} {
					if got, body, d := answer(handler, "GET", path, issuer.AccessToken()); got != c.want {
						t.Errorf("%s without the scope: got %d %s for %q, want %d", path, got, body, d.Pattern, c.want)
					}
					if got, body, d := answer(handler, "GET", path, issuer.AccessToken(bearergatetest.WithScopes("admin", "files"))); got != c.good {
						t.Errorf("%s: got %d %s for %q, want %d", path, got, body, d.Pattern, c.good)
					}
				}
			}
		})
	}
}

// TestRouteBesideAMountIsARoute has a route at the path at which a router is
// mounted, which chi shows in some of its versions.
func TestRouteBesideAMountIsARoute(t *testing.T) {
	guard := chigate.Wrap(bearergate.RequireToken(issuer.Verifier()), bearergate.RequireRouteScopes(bearergate.RouteScopes{
		"GET /projects": {"read"}, "GET /projects/{id}": {"read"},
	}))
	inside := chi.NewRouter()
	inside.With(guard).Get("/{id}", tell)
	r := chi.NewRouter()
	r.Mount("/projects", inside)
	r.With(guard).Get("/projects", tell)
	for _, path := range []string{"/projects", "/projects/7"} {
		for token, want := range map[string]int{issuer.AccessToken(): 403, issuer.AccessToken(bearergatetest.WithScopes("read")): 200} {
			if got, body, _ := answer(r, "GET", path, token); got != want {
				t.Errorf("%s: got %d %s, want %d", path, got, body, want)
			}
		}
	}
}
