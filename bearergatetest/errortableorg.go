package bearergatetest

import (
	"fmt"
	"net/url"

	"github.com/bearergate/bearergate"
)

var wrongOrganization = due{code: bearergate.ErrWrongOrganization}

func (s *routeSuite) testOrg() {
	if s.Org == "" {
		return
	}
	s.try(probe{what: "a token of another organization", request: s.ofOtherOrg(s.caller()), want: wrongOrganization, guard: orgGuard, lacking: s.lacksOrg()})
	s.testOrgInQuery()
	if s.PutGrant != nil || s.Budget > 0 {
		return // the grant has an organization, or the key of RateLimit may need one
	}
	none := s.caller()
	target := s.target(none)
	none.OrganizationID = ""
	q := s.by(none)
	q.target = target
	s.try(probe{what: "a token without organization", request: q, want: wrongOrganization, guard: orgGuard, lacking: "a token without organization never matches: compare as RequireOrg does"})
}

// testOrgInQuery names the organization of the token in the query, and another one in
// the path.
func (s *routeSuite) testOrgInQuery() {
	if s.missing[orgGuard] {
		return
	}
	c := s.caller()
	q := s.ofOtherOrg(c)
	q.target += "?" + url.Values{s.Org: {otherOrg(c)}}.Encode()
	s.try(probe{what: "a token of another organization, which the query names,", request: q, want: wrongOrganization, guard: orgGuard, lacking: fmt.Sprintf("the selector reads the query, and the handler the path: use bearergate.PathValue(%q)", s.Org)})
}

func otherOrg(c bearergate.Claims) string { return "other-than-" + c.OrganizationID }

func (s *routeSuite) lacksOrg() string {
	return fmt.Sprintf("this route lacks RequireOrg(bearergate.PathValue(%q)) or RequireMembership, or the selector does not read the path", s.Org)
}

// ofOtherOrg returns a request to the organization of c with a token of another one.
func (s *routeSuite) ofOtherOrg(c bearergate.Claims) request {
	target := s.target(c)
	c.OrganizationID = otherOrg(c)
	q := s.by(c)
	q.target = target
	return q
}
