package echogate_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/bearergate/bearergate"
	echogate "github.com/bearergate/bearergate/adapters/echo"
	"github.com/bearergate/bearergate/internal/routetabletest"
	"github.com/labstack/echo/v5"
)

func TestNoHandlerOfEchoRunsWithLessThanTheTableAsks(t *testing.T) {
	routetabletest.Run(t, 300, routetabletest.Framework{
		Places: []routetabletest.Place{routetabletest.OnRoute, routetabletest.OnGroup, routetabletest.InUse},
		Build: func(tree *routetabletest.Tree, handler func(*routetabletest.Route) http.Handler, guard bearergate.Middleware) http.Handler {
			e := echo.NewWithConfig(echo.Config{Router: echo.NewRouter(echo.RouterConfig{
				UnescapePathParamValues: tree.Variant&1 != 0, UseEscapedPathForMatching: tree.Variant&2 != 0,
			})})
			none := echo.MiddlewareFunc(func(next echo.HandlerFunc) echo.HandlerFunc { return next })
			onRoute, onGroup := none, none
			if guard != nil {
				wrapped := echogate.Wrap(guard)
				switch tree.Place {
				case routetabletest.OnRoute:
					onRoute = wrapped
				case routetabletest.OnGroup, routetabletest.AroundMount:
					onGroup = wrapped
				case routetabletest.InUse:
					e.Use(wrapped)
				default:
					e.Pre(wrapped)
				}
			}
			addTo(e.Group("", onGroup), tree.Root, handler, onRoute)
			if tree.Variant%16 == 15 {
				mux := http.NewServeMux()
				mux.Handle("/", e)
				mux.Handle("/a/", e)
				return mux
			}
			return e
		},
	})
}

func addTo(g *echo.Group, from *routetabletest.Router, handler func(*routetabletest.Route) http.Handler, guard echo.MiddlewareFunc) {
	for _, route := range from.Routes {
		h := handler(route)
		pattern := path(strings.TrimSuffix(route.Path, "{$}"))
		if strings.HasSuffix(route.Path, "{$}") {
			pattern = strings.TrimSuffix(pattern, "*")
		}
		if route.Full == "/{$}" {
			pattern = "/"
		}
		serve := func(c *echo.Context) error { h.ServeHTTP(c.Response(), c.Request()); return nil }
		routetabletest.Try(func() {
			if route.Method == "" {
				g.Any(pattern, serve, guard)
			} else {
				g.Add(route.Method, pattern, serve, guard)
			}
		})
	}
	for _, m := range from.Mounts {
		addTo(g.Group(path(m.Prefix)), m.Router, handler, guard)
	}
}
