package bearergatetest

import (
	"fmt"
	"time"

	"github.com/bearergate/bearergate"
)

var (
	grantRevoked  = due{code: bearergate.ErrGrantRevoked}
	grantNotFound = due{code: bearergate.ErrGrantNotFound}
)

func (s *routeSuite) testGrant() {
	if s.PutGrant == nil {
		return
	}
	const lacking = "this route lacks RequireGrant(grants)"
	s.try(probe{what: "a token whose grant was revoked", request: s.revoked(s.caller()), want: grantRevoked, guard: grantGuard, lacking: lacking})
	s.try(probe{what: "a token whose grant was deleted", request: s.with(s.caller()), want: grantNotFound, guard: grantGuard, lacking: lacking})
	if s.GrantInPath != "" {
		s.testGrantInPath()
		return
	}
	none := s.caller()
	none.GrantID = ""
	s.try(probe{what: "a token without a grant", request: s.with(none), want: grantNotFound, guard: grantGuard, lacking: lacking})
}

// testGrantInPath names the grant of another caller, which is active, revoked or
// unknown.
func (s *routeSuite) testGrantInPath() {
	for i, state := range []string{"active", "revoked", "unknown"} {
		other := s.caller()
		switch i {
		case 0:
			s.put(other, time.Time{})
		case 1:
			s.put(other, time.Now())
		}
		q := s.good()
		q.target = s.target(other)
		s.try(probe{
			what: fmt.Sprintf("a path that names another caller's grant (%s)", state), request: q,
			want: grantNotFound, guard: grantGuard, lacking: fmt.Sprintf("the RequireGrant of this route lacks WithGrantInPath(%q)", s.GrantInPath),
		})
	}
}

// revoked returns a request with a token whose grant was revoked.
func (s *routeSuite) revoked(c bearergate.Claims) request {
	s.put(c, time.Now())
	return s.with(c)
}
