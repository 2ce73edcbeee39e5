package bearergatetest

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/bearergate/bearergate"
)

// testGoodToken reports whether a good token passes: if none did, refusals would prove
// nothing.
func (s *routeSuite) testGoodToken(a *answer) bool {
	if a.passed() {
		return true
	}
	s.report(s.goodToken(), fault{a.text() + ", want a pass", s.adviceGood(a)})
	return false
}

func (s *routeSuite) goodToken() string {
	what := "a good token"
	if s.Type != "" {
		what = fmt.Sprintf("a good %s token", s.Type)
	}
	return what + withScopes(s.scopes)
}

// withScopes returns the words for a token that holds the scopes.
func withScopes(scopes []string) string {
	switch len(scopes) {
	case 0:
		return ""
	case 1:
		return " with the scope " + quoted(scopes)
	}
	return " with the scopes " + quoted(scopes)
}

func quoted(scopes []string) string {
	return `"` + strings.Join(scopes, `", "`) + `"`
}

// adviceGood says why a good token may be refused.
func (s *routeSuite) adviceGood(a *answer) string {
	switch a.code() {
	case bearergate.ErrInvalidToken:
		return "the API's verifier has to accept the tokens of mint, and RequireToken those of Routes.Type"
	case bearergate.ErrInvalidRequest:
		return "set Routes.Prepare if the handler needs a body or a parameter"
	case bearergate.ErrMissingScope:
		required, _ := a.required()
		return fmt.Sprintf("the guard of this route requires the scope %q, and Routes.Scopes does not list it: one of the two is wrong", required)
	case bearergate.ErrWrongOrganization:
		return s.adviceOrg()
	case bearergate.ErrGrantNotFound, bearergate.ErrGrantRevoked:
		return s.adviceGrant()
	case bearergate.ErrRateLimited:
		return adviceShared
	case bearergate.ErrServerError:
		return "the guards are wired wrongly, and the log says how: RequireToken is missing or stands inside of a guard that needs the token, a table has no such route, or a selector found nothing"
	case bearergate.ErrTemporarilyUnavailable:
		return "a verifier, a store or a function of the API fails; the log says which"
	case bearergate.ErrForbidden:
		return "a guard or the handler asks for more than the test knows: mint can store what it asks for"
	}
	if a.panicked != nil {
		return advicePanic
	}
	if a.status == http.StatusInternalServerError {
		return "the handler fails"
	}
	return "this is no answer of bearergate: something around the guards refuses the request"
}

func (s *routeSuite) adviceOrg() string {
	if s.Org == "" {
		return "set Routes.Org to the path parameter that names the organization"
	}
	return fmt.Sprintf("the selector of RequireOrg has to be PathValue(%q), or, for RequireMembership, mint has to make Claims.Subject a member of Claims.OrganizationID", s.Org)
}

func (s *routeSuite) adviceGrant() string {
	if s.PutGrant == nil {
		return "set Routes.PutGrant to the function that stores a grant"
	}
	return "RequireGrant has to look where Routes.PutGrant stores, and Routes.GrantInPath has to be the parameter of WithGrantInPath"
}
