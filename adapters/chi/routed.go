package chigate

import (
	"net/http"
	"reflect"
	"runtime"
	"strings"

	"github.com/go-chi/chi/v5"
)

// isRouted reports whether chi has found the route of the request, and is not on
// its way to a router that is mounted at the pattern: what is asked of all below a
// path must not be taken for what is asked of a route there. If in doubt it is on
// its way.
//
// chi's Mount shifts the path on for the router inside and empties the star of its
// own pattern. So a star with a value is a route's, and an empty one with a path
// left to route is a mount's.
func isRouted(r *http.Request, route *chi.Context) bool {
	if len(route.RoutePatterns) == 0 {
		return false
	}
	last := lastOf(route.RoutePatterns)
	if !strings.HasSuffix(last, "*") {
		return route.RoutePath != "/" || last == "/"
	}
	switch rest, ok := restOf(r, route); {
	case lastOf(route.URLParams.Values) != "":
		return true
	case !ok || rest != "":
		return false
	case route.RoutePath != "/":
		return true
	}
	return last == "/*" && endsAt(route.Routes, route.RoutePatterns)
}

// restOf returns the part of the path that the star of the pattern stands for. A
// segment of the pattern is one of the path.
func restOf(r *http.Request, route *chi.Context) (rest string, ok bool) {
	rest = r.URL.Path
	if r.URL.RawPath != "" {
		rest = r.URL.RawPath
	}
	for range strings.Count(joined(route.RoutePatterns), "/") {
		if _, rest, ok = strings.Cut(rest, "/"); !ok {
			return "", false
		}
	}
	return rest, true
}

// joined is the pattern of the whole path. The star of a mount stands for the
// pattern inside.
func joined(patterns []string) string {
	pattern := strings.Join(patterns, "")
	for strings.Contains(pattern, "/*/") {
		pattern = strings.ReplaceAll(pattern, "/*/", "/")
	}
	return pattern
}

// endsAt reports whether the last of the patterns is a route's and not a mount's.
func endsAt(routes chi.Routes, patterns []string) bool {
	for i, pattern := range patterns {
		route := find(routes, pattern)
		switch {
		case route == nil:
			return false // in a router that does not show its routes
		case i == len(patterns)-1:
			return route.SubRoutes == nil && !isMount(route)
		}
		routes = route.SubRoutes
	}
	return false
}

func find(routes chi.Routes, pattern string) *chi.Route {
	if routes == nil {
		return nil
	}
	for _, route := range routes.Routes() {
		if route.Pattern == pattern {
			return &route
		}
	}
	return nil
}

// isMount reports whether chi's Mount made a route, of a handler that does not show
// its routes.
func isMount(route *chi.Route) bool {
	for _, handler := range route.Handlers {
		if chain, ok := handler.(*chi.ChainHandler); ok {
			handler = chain.Endpoint
		}
		if f := reflect.ValueOf(handler); f.Kind() == reflect.Func && strings.Contains(runtime.FuncForPC(f.Pointer()).Name(), ".Mount.") {
			return true
		}
	}
	return false
}

func lastOf(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[len(list)-1]
}
