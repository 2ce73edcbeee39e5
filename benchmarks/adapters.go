package main

import (
	"fmt"
	"log/slog"
	"net/http"

	"github.com/bearergate/bearergate"
	chigate "github.com/bearergate/bearergate/adapters/chi"
	echogate "github.com/bearergate/bearergate/adapters/echo"
	gingate "github.com/bearergate/bearergate/adapters/gin"
	"github.com/bearergate/bearergate/jwtverifier"
	"github.com/gin-gonic/gin"
	"github.com/go-chi/chi/v5"
	"github.com/labstack/echo/v5"
)

// routers route one path, behind the guards. If guards is nil, there is no adapter.
var routers = []struct {
	name  string
	route func(guards []bearergate.Middleware) http.Handler
}{
	{"mux", func(guards []bearergate.Middleware) http.Handler {
		mux := http.NewServeMux()
		mux.Handle("GET /orgs/{org}/projects", bearergate.Chain(guards...)(handled))
		return mux
	}},
	{"chi", func(guards []bearergate.Middleware) http.Handler {
		r := chi.NewRouter()
		if guards == nil {
			r.Method("GET", "/orgs/{org}/projects", handled)
		} else {
			r.With(chigate.Wrap(guards...)).Method("GET", "/orgs/{org}/projects", handled)
		}
		return r
	}},
	{"echo", func(guards []bearergate.Middleware) http.Handler {
		e := echo.New()
		e.Logger = slog.New(slog.DiscardHandler)
		var wrapped []echo.MiddlewareFunc
		if guards != nil {
			wrapped = append(wrapped, echogate.Wrap(guards...))
		}
		e.GET("/orgs/:org/projects", func(*echo.Context) error { return nil }, wrapped...)
		return e
	}},
	{"gin", func(guards []bearergate.Middleware) http.Handler {
		gin.SetMode(gin.ReleaseMode)
		engine := gin.New()
		if guards != nil {
			engine.Use(gingate.Wrap(guards...))
		}
		engine.GET("/orgs/:org/projects", func(*gin.Context) {})
		return engine
	}},
}

// adapters measures a route without guards, with an adapter that has none, and with
// all guards and a repeated token.
func adapters() []measurement {
	s := newSigner("EdDSA")
	all, token := guards(s, jwtverifier.DefaultCacheSize), s.token(0)
	var ms []measurement
	for _, router := range routers {
		for _, with := range []struct {
			name   string
			guards []bearergate.Middleware
		}{{"bare", nil}, {"adapter", []bearergate.Middleware{}}, {"guarded", all}} {
			name := fmt.Sprintf("router=%s/stack=%s", router.name, with.name)
			ms = append(ms, measurement{name, requestsAs(unrouted, router.route(with.guards), http.StatusOK, token)})
		}
	}
	return ms
}
