package bearergatetest

import (
	"maps"
	"net/http"
	"slices"
	"testing"

	"github.com/bearergate/bearergate"
)

// Routes are routes of an API that stand behind the same guards, for [TestErrorTable].
// A field that is not set stands for a guard that the routes do not have. Scopes is
// required.
type Routes struct {
	// Scopes lists the routes, and the scopes that each requires, such as the table
	// of RequireRouteScopes does. A route that requires none has an empty list. A
	// route of GET is tested with HEAD too, if the API serves it.
	Scopes bearergate.RouteScopes
	// AnyScope is set if one of a route's scopes is enough: RequireAnyScope.
	AnyScope bool
	// Type is the type of token that RequireToken accepts, if it accepts one alone.
	Type bearergate.TokenType
	// Optional is set for OptionalToken in place of RequireToken.
	Optional bool
	// Budget is the number of requests that RateLimit lets each installation or user
	// make. The test makes that many, so give the API a small one.
	Budget int
	// Org is the path parameter that names the organization: RequireOrg or
	// RequireMembership.
	Org string
	// PutGrant stores a grant for RequireGrant, such as the Put method of
	// bearergate.MemoryGrants does.
	PutGrant func(bearergate.Grant) error
	// GrantInPath is the path parameter of WithGrantInPath.
	GrantInPath string
	// Failures is the number of bad tokens that LimitFailedAuthentication lets each
	// address send.
	Failures int
	// Outages has a function for each store or verifier of the API, by its name, that
	// makes it fail, or work again. Good tokens have to be answered 503 meanwhile.
	Outages map[string]func(down bool)

	// PathValues has values for path parameters, as http.Request.PathValue returns
	// them. The parameters of Org and GrantInPath have values of the test by default,
	// all others "1".
	PathValues map[string]string
	// Prepare, if set, changes each request, such as one that needs a body.
	Prepare func(*http.Request)
	// ErrorWriter is that of the API's bearergate.Config, if it has one. It receives
	// the method, the host and the path of a request, and has to write the same body
	// for the same error each time: a time or an id in it has to be still in the test.
	ErrorWriter bearergate.ErrorWriter
	// Served returns how many requests the handlers have served. Without it, a handler
	// that ran although the request was refused is found by what it writes.
	Served func() int
}

// TestErrorTable tests that an API refuses every bad request as the error table says:
// bad and missing tokens, those of another type, organization or grant, without the
// scopes, and beyond the budget, with GET and HEAD. A failure names the route, the
// guard that is missing or stands in the wrong place, and what to do:
//
//	GET /projects: a token without the scope "projects:read" was answered 200, want 403 missing_scope; this route lacks RequireScope("projects:read")
//
// mint returns a token with the claims that it receives. The API accepts it, unless
// the claims are expired, or name another issuer or audience. [Issuer.Mint] is such a
// function. For opaque tokens, mint saves the claims for the lookup of the API. If the
// API reads its users from a database, mint stores Claims.Subject there, as a member of
// Claims.OrganizationID alone.
//
// A good token has to pass first: otherwise its refusal would prove nothing. The
// handlers run then, so give the API stores of the test. Each request comes from an
// address of its own in 2001:db8::/32, except those that Failures is about. Each token
// belongs to a user, an app, a grant and an organization of its own. So the test
// disturbs neither LimitFailedAuthentication nor other tests of the same API. A route
// that is not listed is not tested.
func TestErrorTable(t *testing.T, api http.Handler, mint func(bearergate.Claims) string, routes ...Routes) {
	t.Helper()
	if len(routes) == 0 {
		t.Fatal("bearergatetest: TestErrorTable was given no routes")
	}
	for _, group := range routes {
		if mistake := group.mistake(); mistake != "" {
			t.Fatal("bearergatetest: " + mistake)
		}
		for _, pattern := range slices.Sorted(maps.Keys(group.Scopes)) {
			testRoute(t, &routeSuite{Routes: group, api: api, mint: mint, pattern: pattern, scopes: group.Scopes[pattern]})
		}
	}
}

// testRoute reports the failures in the line of the caller.
func testRoute(t *testing.T, s *routeSuite) {
	t.Helper()
	t.Run(s.pattern, func(t *testing.T) {
		t.Helper()
		s.testMethods()
		for _, failure := range s.failures {
			t.Error(failure)
		}
	})
}
