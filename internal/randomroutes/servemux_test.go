package randomroutes_test

import (
	"math/rand/v2"
	"net/http"
	"testing"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/internal/randomroutes"
)

// Rules: S4.17, S4.18, S4.19, S4.20.
func TestServeMuxReachesNoHandlerWithLess(t *testing.T) {
	randomroutes.Run(t, true, func(_ *rand.Rand, routes []randomroutes.Route, guard bearergate.Middleware) http.Handler {
		mux := http.NewServeMux()
		for _, route := range routes {
			pattern := route.Path
			if route.Method != "" {
				pattern = route.Method + " " + pattern
			}
			register(func() { mux.Handle(pattern, guard(route.Handler)) })
		}
		return mux
	})
}

// register leaves out a route that conflicts with another.
func register(add func()) {
	defer func() { _ = recover() }()
	add()
}
