package gingate_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/bearergate/bearergate"
	gingate "github.com/bearergate/bearergate/adapters/gin"
	"github.com/bearergate/bearergate/bearergatetest"
	"github.com/gin-gonic/gin"
)

func ExampleWrap() {
	issuer := bearergatetest.NewIssuer() // yours is at its own URL
	gin.SetMode(gin.ReleaseMode)
	engine := gin.New()
	orgs := engine.Group("/orgs/:org", gingate.Wrap(
		bearergate.RequireToken(issuer.Verifier(), bearergate.InstallationToken),
		bearergate.RequireOrg(bearergate.PathValue("org")),
	))
	orgs.GET("/projects", gingate.Wrap(bearergate.RequireScope("projects:read")), func(c *gin.Context) {
		c.String(http.StatusOK, fmt.Sprintln("projects of", c.Param("org")))
	})

	read := bearergatetest.WithScopes("projects:read")
	for _, try := range []struct{ path, token string }{
		{"/orgs/acme/projects", issuer.InstallationToken(read)},
		{"/orgs/umbrella/projects", issuer.InstallationToken(read)},
		{"/orgs/acme/projects", issuer.InstallationToken()},
		{"/orgs/acme/projects", issuer.AccessToken(read)},
	} {
		answer := httptest.NewRecorder()
		engine.ServeHTTP(answer, bearergatetest.NewRequest("GET", try.path, try.token))
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
	gin.SetMode(gin.ReleaseMode)
	engine := gin.New()
	engine.GET("/orgs/:org/projects", func(*gin.Context) {})
	engine.POST("/orgs/:org/projects", func(*gin.Context) {})

	for _, route := range engine.Routes() {
		pattern := route.Method + " " + gingate.Pattern(route.Path)
		scopes, listed := table[pattern]
		fmt.Println(pattern, scopes, "listed:", listed)
	}
	// Output:
	// GET /orgs/{org}/projects [projects:read] listed: true
	// POST /orgs/{org}/projects [] listed: false
}
