package gingate_test

import (
	"testing"

	"github.com/bearergate/bearergate"
	gingate "github.com/bearergate/bearergate/adapters/gin"
	"github.com/gin-gonic/gin"
)

// TestTableIsAskedForTheRouteThatRuns has routes of which gin before 1.7.0 says the
// path of one for the other.
func TestTableIsAskedForTheRouteThatRuns(t *testing.T) {
	e := newEngine()
	e.Use(token(), gingate.Wrap(bearergate.RequireRouteScopes(bearergate.RouteScopes{"GET /orgs/{org}/public": {}, "GET /orgs/{org}": {"read"}})))
	e.GET("/orgs/:org/public", func(*gin.Context) {})
	e.GET("/orgs/:org", func(*gin.Context) {})
	if got, body, d := answer(e, "/orgs/acme", issuer.AccessToken()); got != 403 {
		t.Errorf("got %d %s for %q, want 403", got, body, d.Pattern)
	}
}
