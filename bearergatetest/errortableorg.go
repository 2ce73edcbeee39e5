package bearergatetest

import (
	"fmt"

	"github.com/bearergate/bearergate"
)

var wrongOrganization = due{code: bearergate.ErrWrongOrganization}

func (s *routeSuite) testOrg() {
	if s.Org == "" {
		return
	}
	s.try(probe{what: "a token of another organization", request: s.ofOtherOrg(s.caller()), want: wrongOrganization, guard: orgGuard, lacking: s.lacksOrg()})
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

func (s *routeSuite) lacksOrg() string {
	return fmt.Sprintf("this route lacks RequireOrg(bearergate.PathValue(%q)) or RequireMembership, or the selector does not read the path", s.Org)
}

// ofOtherOrg returns a request to the organization of c with a token of another one.
func (s *routeSuite) ofOtherOrg(c bearergate.Claims) request {
	target := s.target(c)
	c.OrganizationID = "other-than-" + c.OrganizationID
	q := s.by(c)
	q.target = target
	return q
}
