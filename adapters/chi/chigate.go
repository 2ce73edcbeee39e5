// Package chigate adapts the guards of bearergate to the chi router.
//
//	r := chi.NewRouter()
//	r.Route("/orgs/{org}", func(r chi.Router) {
//		r.Use(chigate.Wrap(
//			bearergate.RequireToken(verifier),
//			bearergate.RequireOrg(bearergate.PathValue("org")),
//		))
//		r.With(chigate.Wrap(bearergate.RequireScope("projects:read"))).Get("/projects", listProjects)
//	})
//
// Guards are plain net/http middleware, which chi accepts. [Wrap] gives them what
// they cannot get from chi: decoded path parameters, and the pattern of the route
// as net/http spells it.
//
// chi runs the middleware of Use before it looks for the route in that router. So a
// guard in Use sees the parameters that the outer routers have matched, as above,
// but not yet the route. Put a guard that needs a parameter of the route itself, or
// its pattern, into With on the route, or into Use of a Group. A guard that runs
// too early answers 500 server_error, and the log says why.
//
// [bearergate.RequireRouteScopes] needs the pattern of the route. It answers 500 in
// Use of a router, around Mount, and in a router that was mounted behind a
// middleware, as in r.Mount("/admin", mw(admin)): there chi does not show whether a
// route leads to another router. Mount the router itself, and add the middleware by
// its Use. A star in a mounted router is a route like any other, and may match the
// empty string: /files/* below /api is /api/files/.
package chigate

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/routing"
	"github.com/go-chi/chi/v5"
)

// Wrap returns the guards, the first outermost, as a middleware for a chi router.
// Inside of it, [http.Request.PathValue] and [chi.URLParam] return path parameters
// decoded once, and [http.Request.Pattern] is the [Pattern] of the route. A path
// with empty or dot segments, which net/http would redirect, has no path values, so
// that guards which read one refuse.
func Wrap(guards ...bearergate.Middleware) bearergate.Middleware {
	guard := bearergate.Chain(guards...)
	return func(next http.Handler) http.Handler {
		guarded, places := guard(next), new(places)
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			guarded.ServeHTTP(w, places.translate(r))
		})
	}
}

// translate sets the pattern and the path values as http.ServeMux would.
func (p *places) translate(r *http.Request) *http.Request {
	route := chi.RouteContext(r.Context())
	switch {
	case route == nil:
	case len(route.RoutePatterns) == 0: // in Use of the outermost router
		r.Pattern = routing.OnTheWay(r.Pattern)
	default:
		at := p.of(route)
		routed := at.isRouted(route)
		r = decode(r, route)
		setPattern(r, route, at, routed)
	}
	return r
}

// decoded is the number of parameters of a route that are decoded. It is its own
// key in the context.
type decoded int

// decode decodes the parameters of a path that chi matched in its escaped form, so
// that handlers read the same values as guards. chi appends parameters on the way
// through its routers.
func decode(r *http.Request, route *chi.Context) *http.Request {
	if r.URL.RawPath == "" {
		return r
	}
	n, _ := r.Context().Value(decoded(0)).(decoded)
	values := route.URLParams.Values
	for i := int(n); i < len(values); i++ {
		if !strings.Contains(r.URL.RawPath, values[i]) {
			continue // a middleware made chi match the decoded path
		}
		if value, err := url.PathUnescape(values[i]); err == nil {
			values[i] = value
		}
	}
	return r.WithContext(context.WithValue(r.Context(), decoded(0), decoded(len(values))))
}

func setPattern(r *http.Request, route *chi.Context, at place, routed bool) {
	pattern := at.pattern
	if !routed {
		pattern = routing.OnTheWay(pattern)
	}
	if m := route.RouteMethod; m != r.Method { // the route is for another method
		pattern = m + " " + pattern
	}
	r.Pattern = pattern
	clean := routing.IsClean(r.URL.EscapedPath())
	for i, name := range route.URLParams.Keys {
		if clean {
			r.SetPathValue(name, route.URLParams.Values[i])
		} else {
			r.SetPathValue(name, "")
		}
	}
}

// spell returns the pattern of the whole path as [http.ServeMux] spells it. The
// pattern of a mount matches all paths below it. The root of an inner router is the
// path at which the router is mounted.
func spell(patterns []string) string {
	var prefix string
	for _, outside := range patterns[:max(len(patterns)-1, 0)] {
		prefix += strings.TrimRight(strings.TrimSuffix(outside, "*"), "/")
	}
	switch last := patterns[len(patterns)-1]; {
	case strings.HasSuffix(last, "/*"):
		return prefix + strings.TrimSuffix(last, "*")
	case last == "/" && prefix != "":
		return prefix
	case strings.HasSuffix(last, "/"):
		return prefix + last + "{$}" // chi leaves the slash out
	default:
		return prefix + last
	}
}

// Pattern translates a pattern of chi into one of [http.ServeMux].
// [bearergate.RouteScopes] and decisions name routes in this form: /files/* is
// /files/, / is /{$}, and /orgs/, the root of a router at /orgs, is /orgs, as in
// [chi.Context.RoutePattern]. Parameters do not change, and keep their regular
// expressions.
func Pattern(pattern string) string {
	switch {
	case pattern == "/":
		return "/{$}"
	case strings.HasSuffix(pattern, "/*"):
		return strings.TrimSuffix(pattern, "*")
	}
	return strings.TrimRight(pattern, "/")
}
