package gingate_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/bearergate/bearergate"
	gingate "github.com/bearergate/bearergate/adapters/gin"
	"github.com/bearergate/bearergate/internal/routetabletest"
	"github.com/gin-gonic/gin"
)

func TestNoHandlerOfGinRunsWithLessThanTheTableAsks(t *testing.T) {
	routetabletest.Run(t, 300, routetabletest.Framework{
		Places: []routetabletest.Place{routetabletest.OnRoute, routetabletest.OnGroup, routetabletest.InUse},
		Build: func(tree *routetabletest.Tree, handler func(*routetabletest.Route) http.Handler, guard bearergate.Middleware) http.Handler {
			e := newEngine()
			e.UseRawPath, e.UnescapePathValues = tree.Variant&1 != 0, tree.Variant&2 != 0
			e.RedirectTrailingSlash = tree.Variant&8 != 0
			set(e, "RemoveExtraSlash", tree.Variant&16 != 0)
			set(e, "UseEscapedPath", tree.Variant&32 != 0)
			onRoute, onGroup := gin.HandlerFunc(func(*gin.Context) {}), gin.HandlerFunc(func(*gin.Context) {})
			if guard != nil {
				switch wrapped := gingate.Wrap(guard); tree.Place {
				case routetabletest.OnRoute:
					onRoute = wrapped
				case routetabletest.OnGroup, routetabletest.AroundMount:
					onGroup = wrapped
				default:
					e.Use(wrapped)
				}
			}
			group := e.Group("", onGroup)
			for _, route := range fitting(tree) {
				add(group, route, handler(route), onRoute)
			}
			return e
		},
	})
}

// fitting returns the routes that gin accepts beside each other. One that it does
// not accept leaves its tree broken.
func fitting(tree *routetabletest.Tree) (fit []*routetabletest.Route) {
	for _, route := range tree.Routes {
		routetabletest.Try(func() {
			e := newEngine()
			for _, r := range append(fit[:len(fit):len(fit)], route) {
				add(&e.RouterGroup, r, http.NotFoundHandler(), func(*gin.Context) {})
			}
			fit = append(fit, route)
		})
	}
	return fit
}

func add(g *gin.RouterGroup, route *routetabletest.Route, handler http.Handler, guard gin.HandlerFunc) {
	pattern := path(strings.TrimSuffix(route.Full, "{$}"))
	if strings.HasSuffix(route.Full, "{$}") {
		pattern = strings.TrimSuffix(pattern, "*path")
	}
	serve := func(c *gin.Context) { handler.ServeHTTP(c.Writer, c.Request) }
	if route.Method == "" {
		g.Any(pattern, guard, serve)
	} else {
		g.Handle(route.Method, pattern, guard, serve)
	}
}
