package gingate_test

import (
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"

	"github.com/bearergate/bearergate"
	gingate "github.com/bearergate/bearergate/adapters/gin"
	"github.com/bearergate/bearergate/internal/randomroutes"
	"github.com/gin-gonic/gin"
)

// Rules: S4.15, S4.16, S4.17, S4.18, S4.19, S4.20.
func TestNoHandlerIsReachedWithLess(t *testing.T) {
	gin.SetMode(gin.ReleaseMode)
	randomroutes.Run(t, true, func(rng *rand.Rand, routes []randomroutes.Route, guard bearergate.Middleware) http.Handler {
		inGroup, raw := rng.IntN(2) == 0, rng.IntN(2) == 0
		build := func(routes []randomroutes.Route) http.Handler {
			engine := gin.New()
			engine.UseRawPath = raw
			group := engine.Group("", gingate.Wrap(guard))
			for _, route := range routes {
				methods := []string{route.Method}
				if route.Method == "" {
					methods = []string{"GET", "HEAD", "POST", "DELETE", "OPTIONS", "BREW"}
				}
				for _, method := range methods {
					if inGroup {
						group.Handle(method, colons(route.Path), gin.WrapH(route.Handler))
					} else {
						engine.Handle(method, colons(route.Path), gingate.Wrap(guard), gin.WrapH(route.Handler))
					}
				}
			}
			return engine
		}
		return build(randomroutes.Fit(routes, func(routes []randomroutes.Route) { build(routes) }))
	})
}

// colons spells a pattern of http.ServeMux as gin does.
func colons(path string) string {
	switch {
	case strings.HasSuffix(path, "/{$}"):
		path = strings.TrimSuffix(path, "{$}")
	case strings.HasSuffix(path, "/"):
		path += "*rest"
	}
	return strings.NewReplacer("{", ":", "}", "").Replace(path)
}
