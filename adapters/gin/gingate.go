// Package gingate adapts the guards of bearergate to the gin framework.
//
//	orgs := engine.Group("/orgs/:org", gingate.Wrap(
//		bearergate.RequireToken(verifier),
//		bearergate.RequireOrg(bearergate.PathValue("org")),
//	))
//	orgs.GET("/projects", gingate.Wrap(bearergate.RequireScope("projects:read")), listProjects)
//
// Put guards into Use, into groups or on routes. In Use of the engine, a guard that
// needs the route answers 500 server_error to a path without a route, and the log
// says why.
package gingate

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/routing"
	"github.com/gin-gonic/gin"
)

// Wrap returns the guards, the first outermost, as a handler for gin. The chain is
// built once.
//
// If a guard refuses, it has written the answer, and the context is aborted: no
// later handler runs. In later handlers, [TokenFrom] returns the token,
// [gin.Context.Param] and [http.Request.PathValue] return path parameters decoded
// once, and [http.Request.Pattern] is the [Pattern] of the route.
//
// A guard must not return before the next handler does, as [http.TimeoutHandler]
// may.
func Wrap(guards ...bearergate.Middleware) gin.HandlerFunc {
	guarded := bearergate.Chain(guards...)(http.HandlerFunc(resume))
	var patterns sync.Map // as many as routes
	return func(c *gin.Context) {
		w := c.Writer
		defer func() { c.Writer = w }()
		call := &call{Context: c.Request.Context(), c: c}
		r := c.Request.WithContext(call)
		setPattern(r, c, &patterns)
		guarded.ServeHTTP(w, r)
		if !call.resumed {
			c.Abort()
		}
	}
}

// call carries the gin context and the state of the chain behind the guards. It is
// passed to the guards as the context of the request.
type call struct {
	context.Context
	c       *gin.Context
	resumed bool
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
		panic("gingate: a guard has replaced the context of the request; derive the new one from it, such as with context.WithValue")
	}
	call.resumed = true
	call.c.Request = r
	if w != call.c.Writer {
		call.c.Writer = &writer{call.c.Writer, w}
	}
	call.c.Next()
}

// writer is gin's writer behind one that a guard has put in front of it.
type writer struct {
	gin.ResponseWriter
	front http.ResponseWriter
}

func (w *writer) Unwrap() http.ResponseWriter       { return w.front }
func (w *writer) Header() http.Header               { return w.front.Header() }
func (w *writer) WriteHeader(status int)            { w.front.WriteHeader(status) }
func (w *writer) WriteHeaderNow()                   {} // gin does so when all handlers have returned
func (w *writer) Write(p []byte) (int, error)       { return w.front.Write(p) }
func (w *writer) WriteString(s string) (int, error) { return io.WriteString(w.front, s) }
func (w *writer) Flush()                            { http.NewResponseController(w.front).Flush() }

func (w *writer) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return http.NewResponseController(w.front).Hijack()
}

// TokenFrom returns the token that [bearergate.RequireToken] verified for this
// request, and reports whether there is one.
func TokenFrom(c *gin.Context) (*bearergate.Token, bool) {
	return bearergate.TokenFrom(c.Request.Context())
}

func setPattern(r *http.Request, c *gin.Context, patterns *sync.Map) {
	path := c.FullPath()
	if path == "" { // no route; do not keep the pattern of an outer mux
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
	for i, p := range c.Params {
		if !strings.HasSuffix(path, "*"+p.Key) {
			c.Params[i].Value = r.PathValue(p.Key)
		}
	}
}

// Pattern translates the path of a gin route into a pattern of [http.ServeMux].
// [bearergate.RouteScopes] and decisions name routes in this form: /orgs/:org is
// /orgs/{org}, /files/*path is /files/{path...}, and /files/ is /files/{$}.
func Pattern(path string) string { return routing.FromColons(path) }
