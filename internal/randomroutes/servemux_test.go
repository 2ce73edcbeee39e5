package randomroutes_test

import (
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/internal/randomroutes"
)

// Rules: S4.17, S4.18, S4.19, S4.20.
func TestServeMuxReachesNoHandlerWithLess(t *testing.T) {
	randomroutes.Run(t, true, func(_ *rand.Rand, routes []randomroutes.Route, guard bearergate.Middleware) http.Handler {
		build := func(routes []randomroutes.Route) http.Handler {
			mux := http.NewServeMux()
			for _, route := range routes {
				mux.Handle(strings.TrimLeft(route.Method+" "+route.Path, " "), guard(route.Handler))
			}
			return mux
		}
		return build(randomroutes.Fit(routes, func(routes []randomroutes.Route) { build(routes) }))
	})
}
