package echogate_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/bearergate/bearergate"
	echogate "github.com/bearergate/bearergate/adapters/echo"
	"github.com/bearergate/bearergate/bearergatetest"
	"github.com/bearergate/bearergate/routing/routingtest"
	"github.com/labstack/echo/v5"
)

// Rules: S1.26, S4.11, S4.15, S5.4, S5.7.
func TestAnswersAsServeMuxDoes(t *testing.T) {
	for name, config := range map[string]echo.RouterConfig{
		"as it comes": {},
		"unescaping":  {UnescapePathParamValues: true},
		"by URL.Path": {UseEscapedPathForMatching: true},
		"by both":     {UseEscapedPathForMatching: true, UnescapePathParamValues: true},
	} {
		t.Run(name, func(t *testing.T) {
			routingtest.Run(t, func(routes []routingtest.Route, onError func(http.ResponseWriter, *http.Request, error)) http.Handler {
				e := echo.NewWithConfig(echo.Config{Router: echo.NewRouter(config)})
				e.HTTPErrorHandler = func(c *echo.Context, err error) { onError(c.Response(), c.Request(), err) }
				for _, route := range routes {
					e.Add(route.Method, path(route.Pattern), func(c *echo.Context) error {
						return route.Handle(c.Response(), c.Request(), c.Param)
					}, wrapEach(route.Guards)...)
				}
				return e
			})
		})
	}
}

// path returns a pattern of http.ServeMux as echo spells it.
func path(pattern string) string {
	if strings.HasSuffix(pattern, "/") {
		pattern += "*"
	}
	return strings.NewReplacer("{", ":", "}", "").Replace(pattern)
}

func wrapEach(guards []bearergate.Middleware) (wrapped []echo.MiddlewareFunc) {
	for _, guard := range guards {
		wrapped = append(wrapped, echogate.Wrap(guard))
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

func token() echo.MiddlewareFunc {
	return echogate.Wrap(bearergate.RequireToken(issuer.Verifier()))
}

// TestOneBodyWhateverTheErrorHandlerDoes has an error handler that writes
// without a look at what was written.
//
// Rules: S5.6.
func TestOneBodyWhateverTheErrorHandlerDoes(t *testing.T) {
	failure := errors.New("the handler failed")
	var handled []error
	e := echo.New()
	e.HTTPErrorHandler = func(c *echo.Context, err error) {
		handled = append(handled, err)
		c.Response().WriteHeader(http.StatusTeapot)
		fmt.Fprint(c.Response(), "handled")
	}
	e.Use(token())
	e.GET("/fails", func(*echo.Context) error { return failure }, echogate.Wrap(bearergate.RequireScope("read")), echogate.Wrap(bearergate.RequireScope("read")))

	for _, token := range []string{"", issuer.AccessToken()} {
		if _, body, _ := answer(e, "/fails", token); strings.Count(body, "\n") != 1 || !strings.HasPrefix(body, `{"error":`) || len(handled) != 0 {
			t.Errorf("got %q, and %d calls of the error handler", body, len(handled))
		}
	}
	status, body, _ := answer(e, "/fails", issuer.AccessToken(bearergatetest.WithScopes("read")))
	if status != http.StatusTeapot || body != "handled" || len(handled) != 1 || handled[0] != failure {
		t.Errorf("got %d %q, and the error handler %v", status, body, handled)
	}
}

func TestErrorsOfEchoStayItsOwn(t *testing.T) {
	e := echo.New()
	e.Use(token())
	e.GET("/orgs/:org", func(*echo.Context) error { return echo.NewHTTPError(http.StatusConflict, "taken") })
	for path, want := range map[string]string{"/orgs/acme": `409 {"message":"taken"}`, "/nowhere": `404 {"message":"Not Found"}`} {
		status, body, _ := answer(e, path, issuer.AccessToken())
		if got := fmt.Sprint(status, " ", strings.TrimSpace(body)); got != want {
			t.Errorf("%s: got %s, want %s", path, got, want)
		}
	}
}

func TestGuardsStandInUseInGroupsAndOnRoutes(t *testing.T) {
	tell := func(c *echo.Context) error {
		token, _ := echogate.TokenFrom(c)
		return c.String(http.StatusOK, fmt.Sprint(c.Request().Pattern, " ", c.Param("org"), c.Request().PathValue("org"), " ", c.Param("version"), c.Param("*"), " ", token.Subject()))
	}
	e := echo.New()
	e.Use(token())
	org := echogate.Wrap(bearergate.RequireOrg(bearergate.PathValue("org")))
	g := e.Group("/orgs/:org", org)
	g.GET("/projects", tell, echogate.Wrap(bearergate.RequireScope("read")), org)
	g.GET("/v:version/*", tell)
	read := issuer.AccessToken(bearergatetest.WithScopes("read"))
	for _, c := range []struct{ path, token, want string }{
		{"/orgs/acme/projects", read, "200 /orgs/{org}/projects acmeacme  " + bearergatetest.DefaultSubject},
		{"/orgs/%61cme/projects", read, "200 /orgs/{org}/projects acmeacme  " + bearergatetest.DefaultSubject},
		{"/orgs/acme/v1/a/b", read, "200 /orgs/{org}/v{version}/ acmeacme 1a/b " + bearergatetest.DefaultSubject},
		{"/orgs/umbrella/projects", read, `403 {"error":"wrong_organization"}`},
		{"/orgs/acme/projects", issuer.AccessToken(), `403 {"error":"missing_scope","required":"read"}`},
		{"/orgs/acme/projects", "", `401 {"error":"invalid_token"}`},
	} {
		status, body, _ := answer(e, c.path, c.token)
		if got := fmt.Sprint(status, " ", strings.TrimSpace(body)); got != c.want {
			t.Errorf("%s: got %s, want %s", c.path, got, c.want)
		}
	}
}

// TestWhatNoGuardReadsIsAsEchoReadsIt is a last parameter that takes more than a
// segment.
func TestWhatNoGuardReadsIsAsEchoReadsIt(t *testing.T) {
	e := echo.New()
	e.GET("/files/:name", func(c *echo.Context) error { return c.String(200, c.Param("name")) }, token())
	if status, body, _ := answer(e, "/files/a/b", issuer.AccessToken()); status != 200 || body != "a/b" {
		t.Errorf("got %d %s", status, body)
	}
}

// TestEchoFindsItsResponseBehindAnyWriter is one that cannot be unwrapped.
func TestEchoFindsItsResponseBehindAnyWriter(t *testing.T) {
	e := echo.New()
	e.GET("/", func(c *echo.Context) error {
		_, err := echo.UnwrapResponse(c.Response())
		return err
	}, echogate.Wrap(func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { next.ServeHTTP(struct{ http.ResponseWriter }{w}, r) })
	}))
	if status, body, _ := answer(e, "/", ""); status != 200 {
		t.Errorf("got %d %s", status, body)
	}
}

// Rules: S4.13.
func TestGuardInPreRefusesAndSaysWhatToDo(t *testing.T) {
	e := echo.New()
	e.Pre(token(), echogate.Wrap(bearergate.RequireOrg(bearergate.PathValue("org"))))
	e.GET("/orgs/:org", func(*echo.Context) error { return nil })
	status, _, decision := answer(e, "/orgs/acme", issuer.AccessToken())
	if status != 500 || !strings.Contains(decision.Reason.Error(), "on the route or on its group") {
		t.Errorf("got %d, %v", status, decision.Reason)
	}
}

type quietWriter struct{ http.ResponseWriter }

func (w quietWriter) Write(p []byte) (int, error) { return len(p), nil }
func (w quietWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// TestResponseIsRestored has middleware outside of one that had a writer of its
// own write to the client.
func TestResponseIsRestored(t *testing.T) {
	quiet := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { next.ServeHTTP(quietWriter{w}, r) })
	}
	for name, handler := range map[string]echo.HandlerFunc{
		"returned":           func(c *echo.Context) error { return c.String(200, "quiet ") },
		"returned an error":  func(c *echo.Context) error { fmt.Fprint(c.Response(), "quiet "); return errors.New("failed") },
		"panicked":           func(c *echo.Context) error { fmt.Fprint(c.Response(), "quiet "); panic("no") },
		"wrote its response": func(c *echo.Context) error { fmt.Fprint(c.Response(), "quiet "); return nil },
	} {
		e := echo.New()
		e.Use(func(next echo.HandlerFunc) echo.HandlerFunc {
			return func(c *echo.Context) error {
				before := c.Response()
				defer func() {
					recover()
					if c.Response() != before {
						t.Errorf("%s: the response is %v", name, c.Response())
					}
					fmt.Fprint(c.Response(), "loud")
				}()
				next(c)
				return nil
			}
		}, echogate.Wrap(quiet))
		e.GET("/", handler)
		if _, body, _ := answer(e, "/", ""); body != "loud" {
			t.Errorf("%s: got %q", name, body)
		}
	}
}

func TestGuardThatDropsTheContextIsToldSo(t *testing.T) {
	e := echo.New()
	e.GET("/", func(*echo.Context) error { return nil }, echogate.Wrap(func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			next.ServeHTTP(w, r.WithContext(context.Background()))
		})
	}))
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
		"/files/*": "/files/", "/*": "/", "/projects/:id/*": "/projects/{id}/", `/projects/7\:cancel`: `/projects/7:cancel`,
	} {
		if got := echogate.Pattern(path); got != want {
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
