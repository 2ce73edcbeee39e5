package bearergatetest

import (
	"time"

	"github.com/bearergate/bearergate"
)

// testOrder has requests with two faults: the first guard that refuses decides.
func (s *routeSuite) testOrder() {
	if guards := s.guards(); len(guards) > 0 {
		s.try(probe{what: "an expired token with every other fault", request: s.everyFault(), want: due{code: bearergate.ErrInvalidToken}, guard: tokenGuard, inside: guards, lacking: s.lacksToken()})
	}
	pair := func(what string, q func() request, want due, first, second guardName) {
		if s.has(first) && s.has(second) {
			s.try(probe{what: what, request: q(), want: want, guard: first, inside: []guardName{second}, lacking: "this route lacks " + string(first)})
		}
	}
	pair("a token of another organization, whose grant was revoked,", s.revokedOfOtherOrg, grantRevoked, grantGuard, orgGuard)
	pair("a token without scopes, whose grant was revoked,", func() request { return s.revoked(s.withoutScopes()) }, grantRevoked, grantGuard, scopeGuard)
	pair("a token of another organization, without scopes,", func() request { return s.ofOtherOrg(s.withoutScopes()) }, wrongOrganization, orgGuard, scopeGuard)
}

func (s *routeSuite) has(g guardName) bool {
	switch g {
	case grantGuard:
		return s.PutGrant != nil
	case orgGuard:
		return s.Org != ""
	case scopeGuard:
		return len(s.scopes) > 0
	}
	return false
}

// guards returns the guards inside of RateLimit, in their order.
func (s *routeSuite) guards() []guardName {
	var guards []guardName
	for _, g := range []guardName{grantGuard, orgGuard, scopeGuard} {
		if s.has(g) {
			guards = append(guards, g)
		}
	}
	return guards
}

func (s *routeSuite) everyFault() request {
	c := s.caller()
	target := s.target(c)
	c.Scopes, c.OrganizationID, c.ExpiresAt = nil, otherOrg(c), time.Now().Add(-time.Hour)
	q := s.revoked(c)
	q.target = target
	return q
}

func (s *routeSuite) revokedOfOtherOrg() request {
	c := s.caller()
	target := s.target(c)
	c.OrganizationID = otherOrg(c)
	q := s.revoked(c)
	q.target = target
	return q
}

func (s *routeSuite) withoutScopes() bearergate.Claims {
	c := s.caller()
	c.Scopes = nil
	return c
}
