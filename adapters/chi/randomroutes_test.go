package chigate_test

import (
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"

	"github.com/bearergate/bearergate"
	chigate "github.com/bearergate/bearergate/adapters/chi"
	"github.com/bearergate/bearergate/internal/randomroutes"
	"github.com/go-chi/chi/v5"
)

// Rules: S4.15, S4.16, S4.17, S4.18, S4.19, S4.20.
func TestNoHandlerIsReachedWithLess(t *testing.T) {
	randomroutes.Run(t, true, arrange(func(r chi.Router, rng *rand.Rand, guard bearergate.Middleware) chi.Router {
		if rng.IntN(2) == 0 {
			return r.With(chigate.Wrap(guard))
		}
		r = r.With()
		r.Use(chigate.Wrap(guard))
		return r
	}))
}

// TestNoHandlerIsReachedWithLessByGuardsThatStandTooEarly has them in Use of routers
// that have not found their route yet, too.
func TestNoHandlerIsReachedWithLessByGuardsThatStandTooEarly(t *testing.T) {
	randomroutes.Run(t, false, func(rng *rand.Rand, routes []randomroutes.Route, guard bearergate.Middleware) http.Handler {
		return arrange(func(r chi.Router, _ *rand.Rand, _ bearergate.Middleware) chi.Router { return r })(rng, routes, guard)
	})
}

type place func(r chi.Router, rng *rand.Rand, guard bearergate.Middleware) chi.Router

// arrange puts routes with the same first segment into a router inside, in one of
// chi's ways, and so on.
func arrange(guarded place) randomroutes.Build {
	return func(rng *rand.Rand, routes []randomroutes.Route, guard bearergate.Middleware) http.Handler {
		seed := rng.Uint64()
		build := func(routes []randomroutes.Route) chi.Router {
			r := chi.NewRouter()
			rng := rand.New(rand.NewPCG(seed, 3))
			early := guarded(r, rng, guard) == chi.Router(r)
			add(r, rng, routes, guard, guarded, early, 0)
			return r
		}
		return build(randomroutes.Fit(routes, func(routes []randomroutes.Route) { build(routes) }))
	}
}

func add(r chi.Router, rng *rand.Rand, routes []randomroutes.Route, guard bearergate.Middleware, guarded place, early bool, depth int) {
	if early && depth > 0 {
		r.Use(chigate.Wrap(guard))
	}
	inside := make(map[string][]randomroutes.Route)
	var order []string
	for _, route := range routes {
		first, rest, nested := cut(route.Path)
		if draw := rng.IntN(3); !nested || draw == 0 || rest == "/{$}" { // the root of a router inside is the path without a slash
			at := guarded(r, rng, guard)
			if early && depth == 0 {
				at = r.With(chigate.Wrap(guard))
			}
			handle(at, route)
			continue
		}
		if inside[first] == nil {
			order = append(order, first)
		}
		route.Path = rest
		inside[first] = append(inside[first], route)
	}
	for _, first := range order {
		router := chi.NewRouter()
		switch rng.IntN(4) {
		case 0:
			r.Route(first, func(r chi.Router) { add(r, rng, inside[first], guard, guarded, early, depth+1) })
			continue
		case 1:
			r.Group(func(r chi.Router) { r.Mount(first, router) })
		case 2:
			if early { // or it would not show where its routes are, and guards on them refuse
				r.Mount(first, http.HandlerFunc(router.ServeHTTP))
			} else {
				r.Mount(first, router)
			}
		default:
			r.With(func(next http.Handler) http.Handler { return next }).Mount(first, router)
		}
		add(router, rng, inside[first], guard, guarded, early, depth+1)
	}
}

// cut cuts behind the first segment.
func cut(path string) (first, rest string, ok bool) {
	i := strings.IndexByte(path[1:], '/')
	if i < 0 || path == "/{$}" {
		return "", "", false
	}
	return path[:i+1], path[i+1:], true
}

func handle(r chi.Router, route randomroutes.Route) {
	path := route.Path
	switch {
	case strings.HasSuffix(path, "/{$}"):
		path = strings.TrimSuffix(path, "{$}")
	case strings.HasSuffix(path, "/"):
		path += "*"
	}
	if route.Method == "" {
		r.Handle(path, route.Handler)
		return
	}
	r.Method(route.Method, path, route.Handler)
}
