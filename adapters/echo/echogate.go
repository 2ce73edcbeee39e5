// Package echogate adapts the guards of bearergate to the echo framework.
//
//	orgs := e.Group("/orgs/:org", echogate.Wrap(
//		bearergate.RequireToken(verifier),
//		bearergate.RequireOrg(bearergate.PathValue("org")),
//	))
//	orgs.GET("/projects", listProjects, echogate.Wrap(bearergate.RequireScope("projects:read")))
//
// Put guards into Use, into groups or on routes. If a guard needs the route and
// there is none, it answers 500 server_error, and the log says why. This happens in
// Pre, and in Use and in groups for paths without a route. echo's
// NoGroupAutoRegister404Routes leaves the paths of groups without a route to the
// error handler.
package echogate

import (
	"context"
	"net/http"
	"sync"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/routing"
	"github.com/labstack/echo/v5"
)

// Wrap returns the guards, the first outermost, as a middleware for echo. The chain
// is built once.
//
// If a guard refuses, it has written the answer, and the error handler is not
// called. An error of the handler is returned as without guards. Inside of Wrap,
// [TokenFrom] returns the token, [echo.Context.Param] and [http.Request.PathValue]
// return path parameters decoded once, and [http.Request.Pattern] is the [Pattern]
// of the route.
//
// A guard must not return before the next handler does, as [http.TimeoutHandler]
// may.
func Wrap(guards ...bearergate.Middleware) echo.MiddlewareFunc {
	guarded := bearergate.Chain(guards...)(http.HandlerFunc(resume))
	var patterns sync.Map // as many as routes
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c *echo.Context) error {
			w := c.Response()
			defer c.SetResponse(w)
			call := &call{Context: c.Request().Context(), c: c, next: next}
			r := c.Request().WithContext(call)
			setPattern(r, c, &patterns)
			guarded.ServeHTTP(w, r)
			return call.err
		}
	}
}

// call carries the echo handler behind the guards, its context and its error. It is
// passed to the guards as the context of the request.
type call struct {
	context.Context
	c    *echo.Context
	next echo.HandlerFunc
	err  error
}

type callKey struct{}

func (c *call) Value(key any) any {
	if key == (callKey{}) {
		return c
	}
	return c.Context.Value(key)
}

func resume(w http.ResponseWriter, r *http.Request) {
	call, ok := r.Context().Value(callKey{}).(*call)
	if !ok {
		panic("echogate: a guard has replaced the context of the request; derive the new one from it, such as with context.WithValue")
	}
	call.c.SetRequest(r)
	if w != call.c.Response() {
		call.c.SetResponse(echo.NewResponse(w, call.c.Logger()))
	}
	call.err = call.next(call.c)
}

// TokenFrom returns the token that [bearergate.RequireToken] verified for this
// request, and reports whether there is one.
func TokenFrom(c *echo.Context) (*bearergate.Token, bool) {
	return bearergate.TokenFrom(c.Request().Context())
}

func setPattern(r *http.Request, c *echo.Context, patterns *sync.Map) {
	path := c.Path()
	if path == "" { // in Pre, or no route; do not keep the pattern of an outer mux
		r.Pattern = routing.OnTheWay(r.Pattern)
		return
	}
	pattern, ok := patterns.Load(path)
	if !ok {
		pattern = Pattern(path)
		patterns.Store(path, pattern)
	}
	if !routing.SetPattern(r, pattern.(string)) {
		return
	}
	values := c.PathValues()
	for i, p := range values {
		if p.Name != "*" {
			values[i].Value = r.PathValue(p.Name)
		}
	}
}

// Pattern translates the path of an echo route into a pattern of [http.ServeMux].
// [bearergate.RouteScopes] and decisions name routes in this form: /orgs/:org is
// /orgs/{org}, /files/* is /files/, and /files/ is /files/{$}.
func Pattern(path string) string { return routing.FromColons(path) }
