// Package echogate puts the guards of bearergate in front of the routes of an
// echo server.
//
//	orgs := e.Group("/orgs/:org", echogate.Wrap(
//		bearergate.RequireToken(verifier, bearergate.InstallationToken),
//		bearergate.RequireOrg(bearergate.PathValue("org")),
//	))
//	orgs.GET("/projects", listProjects, echogate.Wrap(bearergate.RequireScope("projects:read")))
//
// Guards stand in Use, in groups or on routes. Those that need the route answer
// 500 server_error where there is none, and the log says why: in Pre, and for
// paths without a route in Use and in groups, unless echo's
// NoGroupAutoRegister404Routes leaves these to the error handler.
package echogate

import (
	"context"
	"net/http"
	"sync"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/routing"
	"github.com/labstack/echo/v5"
)

// Wrap returns the guards, the first outermost, as a middleware for echo. It
// builds their chain once.
//
// A guard that refuses has answered: the error handler is not called. An error
// of the handler goes on as it would without guards. To what is inside, the
// request carries the token, see [TokenFrom]; [echo.Context.Param] and
// [http.Request.PathValue] give path parameters decoded once; and
// [http.Request.Pattern] is the [Pattern] of the route.
//
// A guard must call the next handler before it returns, which
// [http.TimeoutHandler] does not.
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

// call is what goes on in echo behind the guards. It comes to them as the
// context of the request.
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
		panic("echogate: a guard has replaced the context of the request; derive it with context.WithValue and its like")
	}
	call.c.SetRequest(r)
	if w != call.c.Response() {
		call.c.SetResponse(echo.NewResponse(w, call.c.Logger()))
	}
	call.err = call.next(call.c)
}

// TokenFrom returns the token that RequireToken verified for this request.
func TokenFrom(c *echo.Context) (*bearergate.Token, bool) {
	return bearergate.TokenFrom(c.Request().Context())
}

func setPattern(r *http.Request, c *echo.Context, patterns *sync.Map) {
	path := c.Path()
	if path == "" { // in Pre, or no route; the pattern of a mux outside is not its
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

// Pattern returns the path of an echo route as [http.ServeMux] spells it, which
// is how [bearergate.RouteScopes] and decisions name a route: /orgs/:org is
// /orgs/{org}, /files/* is /files/, and /files/ is /files/{$}.
func Pattern(path string) string { return routing.FromColons(path) }
