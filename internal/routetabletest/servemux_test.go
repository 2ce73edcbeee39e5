package routetabletest_test

import (
	"net/http"
	"slices"
	"testing"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/internal/routetabletest"
)

func TestNoHandlerOfServeMuxRunsWithLessThanTheTableAsks(t *testing.T) {
	routetabletest.Run(t, 500, routetabletest.Framework{
		Places: []routetabletest.Place{routetabletest.OnRoute, routetabletest.OnGroup},
		Build: func(tree *routetabletest.Tree, handler func(*routetabletest.Route) http.Handler, guard bearergate.Middleware) http.Handler {
			mux := http.NewServeMux()
			onRoute := guard != nil && slices.Contains([]routetabletest.Place{routetabletest.OnRoute, routetabletest.OnGroup}, tree.Place)
			for _, route := range tree.Routes {
				h := handler(route)
				if onRoute {
					h = guard(h)
				}
				routetabletest.Try(func() { mux.Handle(methodAndPath(route, tree.Variant), h) })
			}
			if guard != nil && !onRoute {
				return guard(mux)
			}
			return mux
		},
	})
}

// methodAndPath separates them in one of the ways that http.ServeMux accepts.
func methodAndPath(route *routetabletest.Route, variant uint32) string {
	if route.Method == "" {
		return route.Full
	}
	return route.Method + []string{" ", "\t", "  ", " \t"}[variant%4] + route.Full
}
