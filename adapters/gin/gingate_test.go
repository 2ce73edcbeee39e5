package gingate_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"

	"github.com/bearergate/bearergate"
	gingate "github.com/bearergate/bearergate/adapters/gin"
	"github.com/bearergate/bearergate/bearergatetest"
	"github.com/bearergate/bearergate/routing/routingtest"
	"github.com/gin-gonic/gin"
)

func newEngine() *gin.Engine {
	gin.SetMode(gin.ReleaseMode)
	return gin.New()
}

// Rules: S1.26, S4.11, S4.15, S5.4, S5.7.
func TestAnswersAsServeMuxDoes(t *testing.T) {
	for name, configure := range map[string]func(*gin.Engine){
		"as it comes":                func(*gin.Engine) {},
		"by the raw path":            func(e *gin.Engine) { e.UseRawPath = true },
		"by the raw path, unescaped": func(e *gin.Engine) { e.UseRawPath, e.UnescapePathValues = true, false },
		"by the escaped path":        func(e *gin.Engine) { set(e, "UseEscapedPath", true) },
		"by the escaped path, still": func(e *gin.Engine) { set(e, "UseEscapedPath", true); e.UnescapePathValues = false },
		"with its context":           func(e *gin.Engine) { set(e, "ContextWithFallback", true) },
	} {
		t.Run(name, func(t *testing.T) {
			routingtest.Run(t, func(routes []routingtest.Route, onError func(http.ResponseWriter, *http.Request, error)) http.Handler {
				e := newEngine()
				configure(e)
				e.Use(func(c *gin.Context) {
					c.Next()
					if last := c.Errors.Last(); last != nil {
						onError(c.Writer, c.Request, last.Err)
					}
				})
				for _, route := range routes {
					e.Handle(route.Method, path(route.Pattern), append(wrapEach(route.Guards), func(c *gin.Context) {
						if err := route.Handle(c.Writer, c.Request, c.Param); err != nil {
							c.Error(err)
						}
					})...)
				}
				return e
			})
		})
	}
}

// set sets a field that older versions of gin do not have.
func set(e *gin.Engine, field string, value bool) {
	if f := reflect.ValueOf(e).Elem().FieldByName(field); f.IsValid() {
		f.SetBool(value)
	}
}

// path returns a pattern of http.ServeMux as gin spells it.
func path(pattern string) string {
	if strings.HasSuffix(pattern, "/") {
		pattern += "*path"
	}
	return strings.NewReplacer("{", ":", "}", "").Replace(pattern)
}

func wrapEach(guards []bearergate.Middleware) (wrapped []gin.HandlerFunc) {
	for _, guard := range guards {
		wrapped = append(wrapped, gingate.Wrap(guard))
	}
	return wrapped
}

var issuer = bearergatetest.NewIssuer()

func answer(handler http.Handler, path, token string) (status int, body string, decision bearergate.Decision) {
	observed := observe(func(_ context.Context, d bearergate.Decision) { decision = d })(handler)
	rec := httptest.NewRecorder()
	observed.ServeHTTP(rec, bearergatetest.NewRequest("GET", path, token))
	return rec.Code, rec.Body.String(), decision
}

func token() gin.HandlerFunc {
	return gingate.Wrap(bearergate.RequireToken(issuer.Verifier()))
}

func organization() gin.HandlerFunc {
	return gingate.Wrap(bearergate.RequireOrg(bearergate.PathValue("org")))
}

// Rules: S5.4, S5.6.
func TestRefusalAborts(t *testing.T) {
	e := newEngine()
	var after, aborted bool
	e.Use(func(c *gin.Context) {
		c.Next()
		aborted = c.IsAborted()
	}, token(), func(c *gin.Context) { after = true }, gingate.Wrap(bearergate.RequireScope("read")))
	e.GET("/", func(c *gin.Context) { c.String(200, "secret") }, func(c *gin.Context) { c.String(200, "more") })
	for token, want := range map[string]string{
		"":                   `401 {"error":"invalid_token"} false`,
		issuer.AccessToken(): `403 {"error":"missing_scope","required":"read"} true`,
	} {
		after = false
		status, body, _ := answer(e, "/", token)
		if got := fmt.Sprint(status, " ", strings.TrimSpace(body), " ", after); got != want || !aborted {
			t.Errorf("got %s, aborted: %v, want %s", got, aborted, want)
		}
	}
	if status, body, _ := answer(e, "/", issuer.AccessToken(bearergatetest.WithScopes("read"))); status != 200 || body != "secretmore" || aborted {
		t.Errorf("got %d %s, aborted: %v", status, body, aborted)
	}
}

func TestGuardsStandInUseInGroupsAndOnRoutes(t *testing.T) {
	tell := func(c *gin.Context) {
		token, _ := gingate.TokenFrom(c)
		c.String(http.StatusOK, fmt.Sprint(c.Request.Pattern, " ", c.Param("org"), c.Request.PathValue("org"), " ", c.Param("path"), c.Request.PathValue("path"), " ", token.Subject()))
	}
	e := newEngine()
	e.Use(token())
	g := e.Group("/orgs/:org", organization())
	g.GET("/projects", gingate.Wrap(bearergate.RequireScope("read")), organization(), tell)
	g.GET("/v:version/*path", tell)
	read := issuer.AccessToken(bearergatetest.WithScopes("read"))
	for _, c := range []struct{ path, token, want string }{
		{"/orgs/acme/projects", read, "200 /orgs/{org}/projects acmeacme  " + bearergatetest.DefaultSubject},
		{"/orgs/%61cme/projects", read, "200 /orgs/{org}/projects acmeacme  " + bearergatetest.DefaultSubject},
		{"/orgs/acme/v1/a/b", read, "200 /orgs/{org}/v{version}/{path...} acmeacme /a/ba/b " + bearergatetest.DefaultSubject},
		{"/orgs/umbrella/projects", read, `403 {"error":"wrong_organization"}`},
		{"/orgs/acme%2Fprojects", read, `400 {"error":"invalid_request"}`},
		{"/orgs/acme/projects", issuer.AccessToken(), `403 {"error":"missing_scope","required":"read"}`},
		{"/orgs/acme/projects", "", `401 {"error":"invalid_token"}`},
		{"/nowhere", "", `401 {"error":"invalid_token"}`},
		{"/nowhere", read, "404 404 page not found"},
	} {
		status, body, _ := answer(e, c.path, c.token)
		if got := fmt.Sprint(status, " ", strings.TrimSpace(body)); got != c.want {
			t.Errorf("%s: got %s, want %s", c.path, got, c.want)
		}
	}
}

// Rules: S4.13.
func TestGuardThatNeedsARouteRefusesWithoutOne(t *testing.T) {
	e := newEngine()
	e.Use(token(), organization())
	status, _, decision := answer(e, "/nowhere", issuer.AccessToken())
	if status != 500 || !strings.Contains(decision.Reason.Error(), "on the route or on its group") {
		t.Errorf("got %d, %v", status, decision.Reason)
	}
}

// TestWhatNoGuardReadsIsAsGinReadsIt is a path that gin decodes before it looks
// for slashes.
func TestWhatNoGuardReadsIsAsGinReadsIt(t *testing.T) {
	e := newEngine()
	e.GET("/files/:name/:version", token(), func(c *gin.Context) { c.String(200, c.Param("name")+" "+c.Param("version")) })
	if status, body, _ := answer(e, "/files/a%2Fb", issuer.AccessToken()); status != 200 || body != "a b" {
		t.Errorf("got %d %s", status, body)
	}
}

// TestPathThatGinRewritesIsRefused is an option with which gin routes by another
// path than the request's.
func TestPathThatGinRewritesIsRefused(t *testing.T) {
	e := newEngine()
	set(e, "RemoveExtraSlash", true)
	e.GET("/orgs/:org", token(), organization(), func(c *gin.Context) { c.String(200, c.Param("org")) })
	for _, path := range []string{"/orgs//acme", "/orgs/umbrella/%2e%2e/acme"} {
		if status, body, _ := answer(e, path, issuer.AccessToken()); status != 400 {
			t.Errorf("%s: got %d %s", path, status, body)
		}
	}
}

type quietWriter struct{ http.ResponseWriter }

func (w quietWriter) Write(p []byte) (int, error) { return len(p), nil }
func (w quietWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// TestWriterIsRestored has a handler outside of one that had a writer of its own
// write to the client.
func TestWriterIsRestored(t *testing.T) {
	quiet := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { next.ServeHTTP(quietWriter{w}, r) })
	}
	for name, handler := range map[string]gin.HandlerFunc{
		"wrote":          func(c *gin.Context) { c.String(200, "quiet ") },
		"wrote a string": func(c *gin.Context) { c.Writer.WriteString("quiet ") },
		"flushed":        func(c *gin.Context) { c.Writer.WriteString("quiet "); c.Writer.WriteHeaderNow(); c.Writer.Flush() },
		"panicked":       func(c *gin.Context) { c.String(200, "quiet "); panic("no") },
	} {
		e := newEngine()
		e.Use(func(c *gin.Context) {
			before := c.Writer
			defer func() {
				recover()
				if c.Writer != before {
					t.Errorf("%s: the writer is %v", name, c.Writer)
				}
				c.Writer.WriteString("loud")
			}()
			c.Next()
		}, gingate.Wrap(quiet))
		e.GET("/", handler)
		if _, body, _ := answer(e, "/", ""); body != "loud" {
			t.Errorf("%s: got %q", name, body)
		}
	}
}

// TestStatusOfAWriterInFrontIsSent is one that sends the status later.
func TestStatusOfAWriterInFrontIsSent(t *testing.T) {
	e := newEngine()
	e.GET("/", gingate.Wrap(func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			held := &heldStatus{ResponseWriter: w}
			next.ServeHTTP(held, r)
			w.WriteHeader(held.status)
		})
	}), func(c *gin.Context) { c.AbortWithStatus(http.StatusConflict) })
	if status, _, _ := answer(e, "/", ""); status != http.StatusConflict {
		t.Errorf("got %d", status)
	}
}

type heldStatus struct {
	http.ResponseWriter
	status int
}

func (w *heldStatus) WriteHeader(status int) { w.status = status }

func TestGuardThatDropsTheContextIsToldSo(t *testing.T) {
	e := newEngine()
	e.GET("/", gingate.Wrap(func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			next.ServeHTTP(w, r.WithContext(context.Background()))
		})
	}), func(*gin.Context) {})
	defer func() {
		if text := fmt.Sprint(recover()); !strings.Contains(text, "context.WithValue") {
			t.Errorf("got %s", text)
		}
	}()
	answer(e, "/", "")
}

func TestPattern(t *testing.T) {
	for path, want := range map[string]string{
		"/": "/{$}", "/orgs": "/orgs", "/orgs/": "/orgs/{$}", "/orgs/:org": "/orgs/{org}", "/orgs/:org/v:version/": "/orgs/{org}/v{version}/{$}",
		"/files/*path": "/files/{path...}", "/*path": "/{path...}", "/projects/:id/*rest": "/projects/{id}/{rest...}", `/projects/7\:cancel`: `/projects/7:cancel`,
	} {
		if got := gingate.Pattern(path); got != want {
			t.Errorf("%s: got %s, want %s", path, got, want)
		}
	}
}

func observe(o bearergate.Observer) bearergate.Middleware {
	configure, err := bearergate.Configure(bearergate.Config{Observer: o})
	if err != nil {
		panic(err)
	}
	return configure
}
