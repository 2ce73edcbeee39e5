package bearergate

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// RouteScopes is an authorization table: which scopes each route of an API
// needs. It is a map so that programs can read it, to document the API or to test
// that every route is listed. [RequireRouteScopes] enforces it.
//
// A key is the pattern that the route is registered with, as of [http.ServeMux]:
// method and path, or the path alone for all methods that are not listed. GET
// stands for HEAD too, unless that is listed. Other routers' adapters translate:
// /v1/projects/:id of echo and gin is /v1/projects/{id}, /files/* of chi and echo
// is /files/.
//
// All scopes of the list are needed; with an empty one, a token is enough.
type RouteScopes map[string][]string

// RouteScopesOption is a setting of [RequireRouteScopes].
type RouteScopesOption func(*routeScopesGuard)

// AllowUnlistedRoutes lets requests pass whose route is not in the table.
func AllowUnlistedRoutes() RouteScopesOption {
	return func(g *routeScopesGuard) { g.unlistedPass = true }
}

// RequireRouteScopes returns a guard that needs a token with the scopes that the
// table lists for the request's route, and otherwise answers as [RequireScope]
// does. A route that is not listed is answered 500 server_error, unless
// [AllowUnlistedRoutes] is given. It stands where the route is known, inside of
// the mux: on each route or, with other routers' adapters, on a group of them.
// Where a mux is a route of another, that is the mux whose handler it wraps.
//
// The table is copied. It panics on an empty table, a key that is no pattern,
// two keys for the same routes, and a scope that RequireScope would not take.
func RequireRouteScopes(table RouteScopes, opts ...RouteScopesOption) Middleware {
	guard := newRouteScopesGuard(table)
	for _, set := range opts {
		if set == nil {
			panic(nilOption("RequireRouteScopes", "RouteScopesOption"))
		}
		set(guard)
	}
	return behindToken("RequireRouteScopes", func(_ http.ResponseWriter, r *http.Request, s *state) (*state, error) {
		return s, guard.check(r, s.token)
	}).middleware()
}

type routeScopesGuard struct {
	paths        map[string]map[string]*scopeList // by path and method, "" for all others
	unlistedPass bool
}

func newRouteScopesGuard(table RouteScopes) *routeScopesGuard {
	if len(table) == 0 {
		panic("bearergate: RequireRouteScopes needs a table, such as RouteScopes{\"GET /v1/projects/{id}\": {\"projects:read\"}}")
	}
	g := &routeScopesGuard{paths: make(map[string]map[string]*scopeList)}
	for _, key := range slices.Sorted(maps.Keys(table)) {
		if err := checkPattern(key); err != nil {
			panic(fmt.Sprintf("bearergate: RequireRouteScopes was given the pattern %q: %v", key, err))
		}
		method, path := cutMethod(key)
		if g.paths[path] == nil {
			g.paths[path] = make(map[string]*scopeList)
		}
		if g.paths[path][method] != nil {
			panic(fmt.Sprintf("bearergate: RequireRouteScopes was given two patterns for the routes of %q; join their scopes", key))
		}
		g.paths[path][method] = newScopeList("RequireRouteScopes", table[key])
	}
	return g
}

var errNoRoute = ErrServerError.because(errors.New("bearergate: RequireRouteScopes does not know the route: put it on the routes or their group, inside of the mux, and use the router's adapter"))

func (g *routeScopesGuard) check(r *http.Request, t *Token) error {
	scopes := g.listed(r)
	switch {
	case scopes != nil:
		return scopes.check(t)
	case g.unlistedPass:
		return nil
	case r.Pattern == "":
		return errNoRoute
	}
	return ErrServerError.because(fmt.Errorf("bearergate: the route %q is not in the table of RequireRouteScopes for %s; list it, with no scopes if it needs none", r.Pattern, r.Method))
}

func (g *routeScopesGuard) listed(r *http.Request) *scopeList {
	method, path := cutMethod(r.Pattern)
	methods := g.paths[path]
	if method == "" {
		method = r.Method
	}
	scopes := methods[method]
	if scopes == nil && method == http.MethodHead {
		scopes = methods[http.MethodGet]
	}
	if scopes == nil {
		scopes = methods[""]
	}
	return scopes
}

// cutMethod splits a pattern. A path that ends in a parameter for all that
// follows is the one that ends in a slash.
func cutMethod(pattern string) (method, path string) {
	method, path, ok := strings.Cut(pattern, " ")
	if !ok {
		method, path = "", pattern
	}
	if strings.HasSuffix(path, "...}") {
		path = path[:strings.LastIndexByte(path, '{')]
	}
	return method, strings.TrimLeft(path, " \t")
}

func checkPattern(pattern string) error {
	method, path := cutMethod(pattern)
	switch {
	case method != strings.ToUpper(method):
		return errors.New("methods are in upper case")
	case !strings.Contains(path, "/"), strings.ContainsAny(path, " \t"):
		return errors.New("want a method, a space and a path, or a path")
	case strings.Contains(path, "/:"), strings.Contains(path, "/*"):
		return errors.New("parameters are written {id}, and the rest of a path {path...}")
	}
	return nil
}
