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
	"github.com/bearergate/bearergate/internal/quote"
)

// RouteScopes is an authorization table: it lists the scopes that each route of an
// API requires. It is a map so that programs can read it, to document the API or to
// test that every route is listed. [RequireRouteScopes] enforces it.
//
// A key is the pattern with which the route is registered at an [http.ServeMux]:
// method and path, or the path alone for all methods that are not listed. GET
// includes HEAD, unless HEAD is listed. Names of parameters do not matter:
// /v1/projects/{id} and /v1/projects/{project} are one path, and so are /files/ and
// /files/{path...}. Adapters of other routers translate: /v1/projects/:id of echo and
// gin is /v1/projects/{id}, and /files/* of chi and echo is /files/.
//
// All scopes of a list are required. If the list is empty, a token is enough.
type RouteScopes map[string][]string

// RouteScopesOption is a setting of [RequireRouteScopes].
type RouteScopesOption func(*routeScopesGuard)

// AllowUnlistedRoutes lets requests pass whose path is in no key of the table. A
// request for a listed path with a method that is not listed is still refused. So is
// a request whose route is not known.
func AllowUnlistedRoutes() RouteScopesOption {
	return func(g *routeScopesGuard) { g.unlistedPass = true }
}

// RequireRouteScopes returns a guard that requires the scopes that the table lists
// for the request's route. If the token lacks one, it answers as [RequireScope] does.
// If the path or its method is not listed, the answer is 500 server_error; see
// [AllowUnlistedRoutes]. The guard stands inside of the mux, since the route is known
// there: on each route or, with the adapters of other routers, on a group of routes.
// If a mux is a route of another mux, the route is that of the mux whose handler the
// guard wraps.
//
// The table is copied. RequireRouteScopes panics if the table is empty, if a key is
// not a pattern, if two keys are the same route, or if RequireScope would panic at a
// scope.
func RequireRouteScopes(table RouteScopes, opts ...RouteScopesOption) Middleware {
	guard := newRouteScopesGuard(table)
	for _, set := range opts {
		if set == nil {
			panic(nilOption("RequireRouteScopes", "RouteScopesOption"))
		}
		set(guard)
	}
	return behindToken("RequireRouteScopes", func(_ http.ResponseWriter, r *http.Request, v visit) (visit, error) {
		return v, guard.check(r, v.token())
	})
}

type routeScopesGuard struct {
	paths        map[string]methodScopes // by canonical path
	unlistedPass bool
	routes       sync.Map // of patterns that requests had to their route; as many as the router has
}

// methodScopes is the scopes of a path by method, "" for all others.
type methodScopes map[string]*scopeList

// route is the method of a pattern, and the scopes of its path.
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
	return becauseOf(Error{Code: ErrServerError}, unlistedRoute{r.Pattern, r.Method})
}

// unlistedRoute is a route that the table does not have.
type unlistedRoute struct{ pattern, method string }

func (u unlistedRoute) String() string {
	return fmt.Sprintf("bearergate: the route %q is not in the table of RequireRouteScopes for the method %s; list it, with no scopes if it needs none", u.pattern, quote.Text(u.method))
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

// of returns the scopes for a request, nil if none are listed. The pattern's method
// is that of the route: a route of GET serves HEAD too.
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
