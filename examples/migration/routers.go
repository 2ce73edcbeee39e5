package migration

import (
	"net/http"

	"github.com/bearergate/bearergate"
	chigate "github.com/bearergate/bearergate/adapters/chi"
	echogate "github.com/bearergate/bearergate/adapters/echo"
	gingate "github.com/bearergate/bearergate/adapters/gin"
	"github.com/gin-gonic/gin"
	"github.com/go-chi/chi/v5"
	"github.com/labstack/echo/v5"
)

func onChi(configure bearergate.Middleware, verifier bearergate.Verifier, budget bearergate.Limiter, getProjects, createProject http.HandlerFunc) http.Handler {
	r := chi.NewRouter()
	r.Use(configure)
	r.Group(func(r chi.Router) {
		r.Use(chigate.Wrap(
			bearergate.RequireToken(verifier),
			bearergate.RateLimit(budget, bearergate.WithKey("user", bearergate.UserKey)),
		))
		r.With(chigate.Wrap(bearergate.RequireScope("projects:read"))).Get("/projects", getProjects)
		r.With(chigate.Wrap(bearergate.RequireScope("projects:write"))).Post("/projects", createProject)
	})
	return r
}

func onEcho(configure bearergate.Middleware, verifier bearergate.Verifier, budget bearergate.Limiter, getProjects, createProject echo.HandlerFunc) http.Handler {
	e := echo.New()
	e.Use(echogate.Wrap(configure))
	api := e.Group("/projects", echogate.Wrap(
		bearergate.RequireToken(verifier),
		bearergate.RateLimit(budget, bearergate.WithKey("user", bearergate.UserKey)),
	))
	api.GET("", getProjects, echogate.Wrap(bearergate.RequireScope("projects:read")))
	api.POST("", createProject, echogate.Wrap(bearergate.RequireScope("projects:write")))
	return e
}

func onGin(configure bearergate.Middleware, verifier bearergate.Verifier, budget bearergate.Limiter, getProjects, createProject gin.HandlerFunc) http.Handler {
	engine := gin.New()
	engine.Use(gingate.Wrap(configure))
	api := engine.Group("/projects", gingate.Wrap(
		bearergate.RequireToken(verifier),
		bearergate.RateLimit(budget, bearergate.WithKey("user", bearergate.UserKey)),
	))
	api.GET("", gingate.Wrap(bearergate.RequireScope("projects:read")), getProjects)
	api.POST("", gingate.Wrap(bearergate.RequireScope("projects:write")), createProject)
	return engine
}
