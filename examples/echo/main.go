// Echo is a translations API on an echo server, with its own token issuer. It
// prints a curl command to try.
//
//	go run .
package main

import (
	"flag"
	"fmt"
	"log"
	"log/slog"
	"net/http"

	"github.com/bearergate/bearergate"
	echogate "github.com/bearergate/bearergate/adapters/echo"
	"github.com/bearergate/bearergate/bearergatetest"
	"github.com/labstack/echo/v5"
)

var scopes = bearergate.RouteScopes{
	"GET /orgs/{org}/projects":                    {"projects:read"},
	"POST /orgs/{org}/projects/{id}/translations": {"projects:read", "translations:publish"},
}

func main() {
	addr := flag.String("addr", "127.0.0.1:8080", "`address` to serve on")
	flag.Parse()
	issuer := bearergatetest.NewIssuer() // in place of an authorization server
	fmt.Printf("curl -i http://%s/orgs/acme/projects -H 'Authorization: Bearer %s'\n", *addr, issuer.InstallationToken(bearergatetest.WithScopes("projects:read")))
	budget, err := bearergate.PerMinute(bearergate.DefaultRequestsPerMinute)
	if err != nil {
		log.Fatal(err)
	}
	api, err := newAPI(issuer.Verifier(), budget)
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(http.ListenAndServe(*addr, api))
}

func newAPI(verifier bearergate.Verifier, budget bearergate.Limiter) (http.Handler, error) {
	configure, err := bearergate.Configure(bearergate.Config{Realm: "translations", Observer: bearergate.LogDecisions(slog.Default())})
	if err != nil {
		return nil, err
	}
	e := echo.NewWithConfig(echo.Config{NoGroupAutoRegister404Routes: true}) // paths without a route are not in the table
	e.Use(echogate.Wrap(configure))
	org := e.Group("/orgs/:org", echogate.Wrap(
		bearergate.RequireToken(verifier, bearergate.InstallationToken),
		bearergate.RateLimit(budget),
		bearergate.RequireOrg(bearergate.PathValue("org")),
		bearergate.RequireRouteScopes(scopes),
	))
	org.GET("/projects", listProjects)
	org.POST("/projects/:id/translations", publishTranslations)
	return e, nil
}

func listProjects(c *echo.Context) error {
	return c.String(http.StatusOK, "projects of "+c.Param("org")+"\n")
}

func publishTranslations(c *echo.Context) error {
	token, _ := echogate.TokenFrom(c)
	return c.String(http.StatusOK, "translations of "+c.Param("id")+" published by "+token.ClientID()+"\n")
}
