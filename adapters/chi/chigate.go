// Package chigate puts the guards of bearergate in front of the routes of a chi
// router.
//
//	r := chi.NewRouter()
//	r.Route("/orgs/{org}", func(r chi.Router) {
//		r.Use(chigate.Wrap(
//			bearergate.RequireToken(verifier, bearergate.InstallationToken),
//			bearergate.RequireOrg(bearergate.PathValue("org")),
//		))
//		r.With(chigate.Wrap(bearergate.RequireScope("projects:read"))).Get("/projects", listProjects)
//	})
//
// Guards are functions that chi takes as they are. [Wrap] adds what they cannot
// know of chi: path parameters, decoded, and the pattern of the route as
// net/http spells it.
//
// chi runs what is given to Use before it looks for the route in that router.
// So a guard in Use knows the parameters that the routers around its own have
// matched, as above, and not yet the route. A guard that needs a parameter of the
// route itself, or its pattern, goes into With on the route, or into Use of a
// Group. If a guard stands too early, it answers 500 server_error, and the log says
// why.
//
// [bearergate.RequireRouteScopes] needs the pattern of the route. It answers 500
// in Use of a router, around Mount, and in a router that was mounted behind a
// middleware, as in r.Mount("/admin", mw(admin)): chi does not show whether a route
// there leads to another one. Mount the router as it is, and give it the
// middleware by Use. A star of a mounted router is a route like any other, also
// with nothing in it: /files/* below /api is /api/files/.
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

// Wrap returns the guards, the first outermost, as a middleware for a chi
// router. To what is inside, [http.Request.PathValue] and [chi.URLParam] give
// path parameters decoded once, and [http.Request.Pattern] is the [Pattern] of the
// route. A path with empty or dot segments, which net/http would redirect, has no
// path values, so that guards which read one refuse.
func Wrap(guards ...bearergate.Middleware) bearergate.Middleware {
	guard := bearergate.Chain(guards...)
	return func(next http.Handler) http.Handler {
		guarded, places := guard(next), new(places)
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			guarded.ServeHTTP(w, places.translate(r))
		})
	}
}

// translate makes of a request what http.ServeMux would make of it.
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

// decoded is how many of the parameters of a route are decoded. It is its own
// key in the context.
type decoded int

// decode decodes the parameters of a path that chi has matched as it was
// escaped, so that handlers read what guards do. chi appends to them on the way
// through its routers.
func decode(r *http.Request, route *chi.Context) *http.Request {
	if r.URL.RawPath == "" {
		return r
	}
	n, _ := r.Context().Value(decoded(0)).(decoded)
	values := route.URLParams.Values
	for i := int(n); i < len(values); i++ {
		if !strings.Contains(r.URL.RawPath, values[i]) {
			continue // a middleware had chi match the decoded path
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
	if m := route.RouteMethod; m != r.Method { // the route is another method's
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
// pattern of a mount stands for all below it, and the root of a router inside is
// the path at which that is mounted.
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

// Pattern returns a pattern of chi as [http.ServeMux] spells it, which is how
// [bearergate.RouteScopes] and decisions name a route: /files/* is /files/, / is
// /{$}, and /orgs/, the root of a router at /orgs, is /orgs, as in
// [chi.Context.RoutePattern]. Parameters are spelled alike, and keep their
// regular expressions.
func Pattern(pattern string) string {
	switch {
	case pattern == "/":
		return "/{$}"
	case strings.HasSuffix(pattern, "/*"):
		return strings.TrimSuffix(pattern, "*")
	}
	return strings.TrimRight(pattern, "/")
}
