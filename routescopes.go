package bearergate

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/bearergate/bearergate/internal/pattern"
)

// RouteScopes is an authorization table: which scopes each route of an API
// needs. It is a map so that programs can read it, to document the API or to test
// that every route is listed. [RequireRouteScopes] enforces it.
//
// A key is the pattern that the route is registered with, as of [http.ServeMux]:
// method and path, or the path alone for all methods that are not listed. GET
// stands for HEAD too, unless that is listed. Names of parameters do not count:
// /v1/projects/{id} and /v1/projects/{project} are one path, and so are /files/ and
// /files/{path...}. Other routers' adapters translate: /v1/projects/:id of echo and
// gin is /v1/projects/{id}, /files/* of chi and echo is /files/.
//
// All scopes of the list are needed; with an empty one, a token is enough.
type RouteScopes map[string][]string

// RouteScopesOption is a setting of [RequireRouteScopes].
type RouteScopesOption func(*routeScopesGuard)

// AllowUnlistedRoutes lets requests pass whose path is in no key of the table. A
// request with a listed path and a method that is not listed with it is refused
// all the same, and so is one whose route is not known.
func AllowUnlistedRoutes() RouteScopesOption {
	return func(g *routeScopesGuard) { g.unlistedPass = true }
}

// RequireRouteScopes returns a guard that needs a token with the scopes that the
// table lists for the request's route, and otherwise answers as [RequireScope]
// does. A route that is not listed, also for want of the method, is answered 500
// server_error; see [AllowUnlistedRoutes]. It stands where the route is known, inside of
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
	})
}

type routeScopesGuard struct {
	paths        map[string]methodScopes // by canonical path
	unlistedPass bool
	routes       sync.Map // of patterns that requests had to their route; as many as the router has
}

// methodScopes is the scopes of a path by method, "" for all others.
type methodScopes map[string]*scopeList

// route is a pattern as the table sees it.
type route struct {
	method string
	scopes methodScopes // nil: the path is not listed
}

func newRouteScopesGuard(table RouteScopes) *routeScopesGuard {
	if len(table) == 0 {
		panic("bearergate: RequireRouteScopes needs a table, such as RouteScopes{\"GET /v1/projects/{id}\": {\"projects:read\"}}")
	}
	g := &routeScopesGuard{paths: make(map[string]methodScopes)}
	for _, key := range slices.Sorted(maps.Keys(table)) {
		if err := checkPattern(key); err != nil {
			panic(fmt.Sprintf("bearergate: RequireRouteScopes was given the pattern %q: %v", key, err))
		}
		method, path := pattern.CutMethod(key)
		path = pattern.Canonical(path)
		if g.paths[path] == nil {
			g.paths[path] = make(methodScopes)
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
	if r.Pattern == "" || strings.HasSuffix(r.Pattern, "/*") { // routing.OnTheWay
		return errNoRoute
	}
	route := g.route(r.Pattern)
	scopes := route.scopes.of(route.method, r.Method)
	switch {
	case scopes != nil:
		return scopes.check(t)
	case g.unlistedPass && route.scopes == nil:
		return nil
	}
	return ErrServerError.because(fmt.Errorf("bearergate: the route %q is not in the table of RequireRouteScopes for %s; list it, with no scopes if it needs none", r.Pattern, r.Method))
}

func (g *routeScopesGuard) route(p string) route {
	if known, ok := g.routes.Load(p); ok {
		return known.(route)
	}
	method, path := pattern.CutMethod(p)
	found := route{method, g.paths[pattern.Canonical(path)]}
	g.routes.Store(p, found)
	return found
}

// of returns the scopes for a request, nil if there are none listed. The pattern's
// method is that of the route, which serves HEAD by GET.
func (m methodScopes) of(patternMethod, method string) *scopeList {
	head := method == http.MethodHead && (patternMethod == http.MethodGet || patternMethod == http.MethodHead || patternMethod == "")
	if patternMethod != "" && !head {
		method = patternMethod
	}
	if scopes := m[method]; scopes != nil {
		return scopes
	}
	if head && m[http.MethodGet] != nil {
		return m[http.MethodGet]
	}
	return m[""]
}

func checkPattern(p string) error {
	method, path := pattern.CutMethod(p)
	switch {
	case method != strings.ToUpper(method):
		return errors.New("methods are in upper case")
	case !strings.Contains(path, "/"), strings.ContainsAny(path, " \t"):
		return errors.New("want a method, a space and a path, or a path")
	case strings.Contains(path, "/:"), strings.Contains(path, "/*"):
		return errors.New("parameters are written {id}, the rest of a path {path...}, and a colon that stands for itself %3A")
	}
	return nil
}
