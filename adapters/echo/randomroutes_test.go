package echogate_test

import (
	"log/slog"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"

	"github.com/bearergate/bearergate"
	echogate "github.com/bearergate/bearergate/adapters/echo"
	"github.com/bearergate/bearergate/internal/randomroutes"
	"github.com/labstack/echo/v5"
)

// Rules: S4.15, S4.16, S4.17, S4.18, S4.19, S4.20.
func TestNoHandlerIsReachedWithLess(t *testing.T) {
	randomroutes.Run(t, true, func(rng *rand.Rand, routes []randomroutes.Route, guard bearergate.Middleware) http.Handler {
		inGroup := rng.IntN(2) == 0
		build := func(routes []randomroutes.Route) http.Handler {
			e := echo.New()
			e.Logger = slog.New(slog.DiscardHandler)
			group := e.Group("", echogate.Wrap(guard))
			for _, route := range routes {
				methods := []string{route.Method}
				if route.Method == "" {
					methods = []string{"GET", "HEAD", "POST", "DELETE", "OPTIONS", "BREW"}
				}
				for _, method := range methods {
					if inGroup {
						group.Add(method, colons(route.Path), echo.WrapHandler(route.Handler))
					} else {
						e.Add(method, colons(route.Path), echo.WrapHandler(route.Handler), echogate.Wrap(guard))
					}
				}
			}
			return e
		}
		return build(randomroutes.Fit(routes, func(routes []randomroutes.Route) { build(routes) }))
	})
}

// colons spells a pattern of http.ServeMux as echo does.
func colons(path string) string {
	switch {
	case strings.HasSuffix(path, "/{$}"):
		path = strings.TrimSuffix(path, "{$}")
	case strings.HasSuffix(path, "/"):
		path += "*"
	}
	return strings.NewReplacer("{", ":", "}", "").Replace(path)
}
