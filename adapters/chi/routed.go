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
// segment of the pattern is one of the path. Only the slash before the star may
// miss, at the root of a mounted router.
func restOf(r *http.Request, route *chi.Context) (rest string, ok bool) {
	rest = r.URL.Path
	if r.URL.RawPath != "" {
		rest = r.URL.RawPath
	}
	slashes := strings.Count(joined(route.RoutePatterns), "/")
	for i := range slashes {
		if _, rest, ok = strings.Cut(rest, "/"); !ok {
			return "", i == slashes-1
		}
	}
	return rest, true
}

// joined returns the pattern of the whole path. What a mount's pattern ends in, the
// next one begins with.
func joined(patterns []string) string {
	var b strings.Builder
	for _, mounted := range patterns[:max(len(patterns)-1, 0)] {
		b.WriteString(strings.TrimRight(mounted, "/*"))
	}
	b.WriteString(lastOf(patterns))
	return b.String()
}

// endsAt reports whether the last of the patterns is a route's and not a mount's.
func endsAt(routes chi.Routes, patterns []string) bool {
	for _, mounted := range patterns[:len(patterns)-1] {
		route := find(routes, strings.TrimRight(mounted, "/*")+"/*") // without a star it is the same mount's
		if route == nil {
			return false // in a router that does not show its routes
		}
		routes = route.SubRoutes
	}
	route := find(routes, lastOf(patterns))
	return route != nil && route.SubRoutes == nil && !isMount(route)
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
