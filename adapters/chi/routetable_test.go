package chigate_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/bearergate/bearergate"
	chigate "github.com/bearergate/bearergate/adapters/chi"
	"github.com/bearergate/bearergate/internal/routetabletest"
	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
)

func TestNoHandlerOfChiRunsWithLessThanTheTableAsks(t *testing.T) {
	routetabletest.Run(t, 500, routetabletest.Framework{
		Places:  []routetabletest.Place{routetabletest.OnRoute, routetabletest.OnGroup},
		Regexps: true,
		Build: func(tree *routetabletest.Tree, handler func(*routetabletest.Route) http.Handler, guard bearergate.Middleware) http.Handler {
			b := builder{tree.Place, tree.Variant, handler, func(next http.Handler) http.Handler { return next }}
			if guard != nil {
				b.guard = chigate.Wrap(guard)
			}
			router := b.router(tree.Root, true)
			if tree.Variant%16 == 15 { // below a mux of net/http's
				mux := http.NewServeMux()
				mux.Handle("/", router)
				mux.Handle("/a/", router)
				return mux
			}
			return router
		},
	})
}

type builder struct {
	place   routetabletest.Place
	variant uint32
	handler func(*routetabletest.Route) http.Handler
	guard   bearergate.Middleware
}

func (b builder) router(from *routetabletest.Router, outermost bool) http.Handler {
	r := chi.NewRouter()
	if outermost && b.variant&16 != 0 {
		r.Use(middleware.GetHead)
	}
	if outermost && b.variant&(32+64) == 32+64 {
		r.Use(middleware.StripSlashes)
	}
	if b.place == routetabletest.InUse || outermost && b.place == routetabletest.Outermost {
		r.Use(b.guard)
	}
	mountsFirst := b.variant&128 != 0
	if mountsFirst {
		b.mounts(r, from)
	}
	switch {
	case b.place == routetabletest.OnRoute, b.place == routetabletest.AroundMount && outermost:
		b.routes(r.With(b.guard), from)
	case b.place == routetabletest.OnGroup:
		r.Group(func(r chi.Router) {
			r.Use(b.guard)
			b.routes(r, from)
		})
	default:
		b.routes(r, from)
	}
	if !mountsFirst {
		b.mounts(r, from)
	}
	return r
}

func (b builder) routes(r chi.Router, from *routetabletest.Router) {
	for _, route := range from.Routes {
		pattern := strings.TrimSuffix(route.Path, "{$}")
		switch {
		case pattern == "":
			pattern = "/"
		case strings.HasSuffix(route.Path, "/"):
			pattern += "*"
		}
		if pattern != "/" && slices.ContainsFunc(from.Mounts, func(m routetabletest.Mount) bool { return m.Prefix == strings.TrimRight(pattern, "/*") }) {
			continue // chi may show either
		}
		routetabletest.Try(func() {
			if route.Method == "" {
				r.Handle(pattern, b.handler(route))
			} else {
				r.Method(route.Method, pattern, b.handler(route))
			}
		})
	}
}

func (b builder) mounts(r chi.Router, from *routetabletest.Router) {
	for _, m := range from.Mounts {
		below := b.router(m.Router, false)
		if m.Hidden {
			below = middleware.NoCache(below)
		}
		at := r
		if b.place == routetabletest.AroundMount {
			at = r.With(b.guard)
		}
		prefix := m.Prefix
		if prefix == "" {
			prefix = "/"
		}
		routetabletest.Try(func() { at.Mount(prefix, below) })
	}
}
