package chigate

import (
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/go-chi/chi/v5"
)

// places caches the places in the trees of routers. A router has as many entries as
// routes.
type places struct{ known sync.Map }

type placeKey struct {
	mux              *chi.Mux
	method, patterns string
}

// of returns the place that chi has reached with a request.
func (p *places) of(route *chi.Context) place {
	mux, ok := route.Routes.(*chi.Mux)
	if !ok {
		return placeOf(route.Routes, route.RouteMethod, route.RoutePatterns)
	}
	key := placeKey{mux, route.RouteMethod, strings.Join(route.RoutePatterns, " ")}
	if known, ok := p.known.Load(key); ok {
		return known.(place)
	}
	found := placeOf(mux, route.RouteMethod, slices.Clone(route.RoutePatterns))
	p.known.Store(key, found)
	return found
}

// place is the end of the patterns that chi has matched.
type place struct {
	pattern string // as of http.ServeMux
	kind    kind
}

type kind int

const (
	unknown  kind = iota // in a router that does not show its routes, or at its mount
	mount                // the mount of an inner router
	root                 // a mount whose path the inner router serves by a route with the same pattern
	endpoint             // a route
)

// isRouted reports whether chi has found the route of the request, and is not on
// its way to an inner router. If in doubt, it reports false: the scopes of all
// paths below a path must not be used for a route there.
func (p place) isRouted(route *chi.Context) bool {
	inside := route.RoutePath == "/" // chi's Mount has gone on to the inner router
	return p.kind == endpoint || p.kind == root && !inside
}

func placeOf(routes chi.Routes, method string, patterns []string) place {
	at := place{pattern: spell(patterns)}
	for _, pattern := range patterns {
		if at.kind, routes = find(routes, method, pattern); routes == nil {
			break
		}
	}
	last := patterns[len(patterns)-1]
	switch {
	case routes == nil && at.kind != endpoint:
		at.kind = unknown
	case at.kind == mount && !strings.HasSuffix(last, "/") && !strings.HasSuffix(last, "*") && servesRootAlike(routes, method):
		at.kind = root
	}
	return at
}

// servesRootAlike reports whether the path at which an inner router is mounted is
// served by a route with that pattern, or by none, in the inner router. Older
// versions of chi do not show whether the outer router has a route there instead.
func servesRootAlike(inside chi.Routes, method string) bool {
	itself, _ := handlerOf(inside, method, "/")
	below, _ := handlerOf(inside, method, "/*")
	return itself != nil || below == nil
}

// find looks up a pattern in one router. It returns the inner router, if there is
// one.
func find(routes chi.Routes, method, pattern string) (kind, chi.Routes) {
	handler, inside := handlerOf(routes, method, pattern)
	switch _, isRouter := handler.(chi.Routes); {
	case isRouter:
		return unknown, nil
	case handler != nil && !isMounted(handler):
		return endpoint, nil
	case handler == nil || !strings.HasSuffix(pattern, "*"):
		inside = mountedAt(routes, strings.TrimSuffix(pattern, "/")+"/*")
	}
	return mount, inside
}

// mountedAt returns the router below a pattern. Mount adds routes for its prefix,
// with and without a slash, that chi does not show.
func mountedAt(routes chi.Routes, pattern string) chi.Routes {
	for _, route := range routes.Routes() {
		if route.Pattern != pattern {
			continue
		}
		for _, handler := range route.Handlers {
			if isMounted(endpointOf(handler)) {
				return route.SubRoutes
			}
		}
	}
	return nil
}

func handlerOf(routes chi.Routes, method, pattern string) (http.Handler, chi.Routes) {
	for _, route := range routes.Routes() {
		if route.Pattern != pattern {
			continue
		}
		handler := route.Handlers[method]
		if handler == nil {
			handler = route.Handlers["*"]
		}
		return endpointOf(handler), route.SubRoutes
	}
	return nil, nil
}

// endpointOf returns the handler behind the middlewares of With.
func endpointOf(handler http.Handler) http.Handler {
	if chain, ok := handler.(*chi.ChainHandler); ok {
		return chain.Endpoint
	}
	return handler
}
