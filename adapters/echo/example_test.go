package echogate_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/bearergate/bearergate"
	echogate "github.com/bearergate/bearergate/adapters/echo"
	"github.com/bearergate/bearergate/bearergatetest"
	"github.com/labstack/echo/v5"
)

func ExampleWrap() {
	issuer := bearergatetest.NewIssuer() // yours is at its own URL
	e := echo.New()
	orgs := e.Group("/orgs/:org", echogate.Wrap(
		bearergate.RequireToken(issuer.Verifier(), bearergate.InstallationToken),
		bearergate.RequireOrg(bearergate.PathValue("org")),
	))
	orgs.GET("/projects", func(c *echo.Context) error {
		return c.String(http.StatusOK, fmt.Sprintln("projects of", c.Param("org")))
	}, echogate.Wrap(bearergate.RequireScope("projects:read")))

	read := bearergatetest.WithScopes("projects:read")
	for _, try := range []struct{ path, token string }{
		{"/orgs/acme/projects", issuer.InstallationToken(read)},
		{"/orgs/umbrella/projects", issuer.InstallationToken(read)},
		{"/orgs/acme/projects", issuer.InstallationToken()},
		{"/orgs/acme/projects", issuer.AccessToken(read)},
	} {
		answer := httptest.NewRecorder()
		e.ServeHTTP(answer, bearergatetest.NewRequest("GET", try.path, try.token))
		fmt.Print(answer.Code, " ", answer.Body)
	}
	// Output:
	// 200 projects of acme
	// 403 {"error":"wrong_organization"}
	// 403 {"error":"missing_scope","required":"projects:read"}
	// 401 {"error":"invalid_token"}
}

func ExamplePattern() {
	table := bearergate.RouteScopes{"GET /orgs/{org}/projects": {"projects:read"}}
	e := echo.New()
	e.GET("/orgs/:org/projects", func(*echo.Context) error { return nil })
	e.POST("/orgs/:org/projects", func(*echo.Context) error { return nil })

	for _, route := range e.Router().Routes() {
		pattern := route.Method + " " + echogate.Pattern(route.Path)
		scopes, listed := table[pattern]
		fmt.Println(pattern, scopes, "listed:", listed)
	}
	// Output:
	// GET /orgs/{org}/projects [projects:read] listed: true
	// POST /orgs/{org}/projects [] listed: false
}
