package bearergate_test

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/bearergatetest"
)

// memberships is a table of subjects and their organizations.
func memberships(table map[string][]string) bearergate.MembershipFunc {
	return func(_ context.Context, t *bearergate.Token, org string) (bool, error) {
		for _, o := range table[t.Subject()] {
			if o == org {
				return true, nil
			}
		}
		return false, nil
	}
}

// Rules: S4.14, S4.30.
func TestMembershipDecides(t *testing.T) {
	claims := bearergatetest.InstallationClaims()
	claims.Subject, claims.OrganizationID = "alice", "own"
	grants := new(bearergate.MemoryGrants)
	grants.Put(bearergate.Grant{ID: claims.GrantID, OrganizationID: "grants"})
	guard := bearergate.RequireMembership(bearergate.PathValue("org"), memberships(map[string][]string{"alice": {"acme", "umbrella"}}))
	for name, guard := range map[string]bearergate.Middleware{
		"alone":                  guard,
		"inside of RequireGrant": bearergate.Chain(bearergate.RequireGrant(grants), guard),
		"around RequireGrant":    bearergate.Chain(guard, bearergate.RequireGrant(grants)),
	} {
		t.Run(name, func(t *testing.T) {
			for _, org := range []string{"acme", "umbrella"} {
				passes(t, guard, with(as(claims), "org", org))
			}
			for _, org := range []string{"own", "grants", "Acme", "acme "} {
				refuses(t, guard, with(as(claims), "org", org), bearergate.ErrWrongOrganization)
			}
		})
	}
}

// Rules: S1.15, S4.14, S4.30.
func TestMembershipErrorsSetTheAnswer(t *testing.T) {
	in := func(org string, err error) bearergate.OrgFunc {
		return func(*http.Request) (string, error) { return org, err }
	}
	for _, c := range []struct {
		name   string
		org    bearergate.OrgFunc
		member bool
		err    error
		want   bearergate.Code
	}{
		{"no member", in("acme", nil), false, nil, bearergate.ErrWrongOrganization},
		{"cannot tell", in("acme", nil), false, errInner, bearergate.ErrTemporarilyUnavailable},
		{"cannot tell, and yes", in("acme", nil), true, errInner, bearergate.ErrTemporarilyUnavailable},
		{"a code", in("acme", nil), false, bearergate.ErrForbidden, bearergate.ErrForbidden},
		{"a wrapped code", in("acme", nil), true, fmt.Errorf("no: %w", bearergate.ErrGrantNotFound), bearergate.ErrGrantNotFound},
		{"an Error", in("acme", nil), true, &bearergate.Error{Code: bearergate.ErrTemporarilyUnavailable, RetryAfter: time.Minute}, bearergate.ErrTemporarilyUnavailable},
		{"the selector fails", in("acme", errInner), true, nil, bearergate.ErrTemporarilyUnavailable},
		{"the selector's code", in("", bearergate.ErrInvalidRequest), true, nil, bearergate.ErrInvalidRequest},
		{"the selector finds nothing", in("", nil), true, nil, bearergate.ErrServerError},
	} {
		t.Run(c.name, func(t *testing.T) {
			refuses(t, bearergate.RequireMembership(c.org, func(context.Context, *bearergate.Token, string) (bool, error) {
				return c.member, c.err
			}), as(bearergatetest.InstallationClaims()), c.want)
		})
	}
}

func TestMembershipReasonSaysWhichOrganization(t *testing.T) {
	configure, seen := observing(bearergate.Config{})
	refuses(t, bearergate.Chain(configure, bearergate.RequireMembership(bearergate.PathValue("org"), memberships(nil))),
		with(as(bearergatetest.InstallationClaims()), "org", "acme"), bearergate.ErrWrongOrganization)
	const want = `wrong_organization: the token's holder is no member of the organization "acme"`
	if got := (*seen)[0].Reason.Error(); got != want {
		t.Errorf("got reason %q, want %q", got, want)
	}
}

func TestMembershipThatPanicsPropagates(t *testing.T) {
	configure, seen := observing(bearergate.Config{})
	guard := bearergate.Chain(configure, bearergate.RequireMembership(bearergate.PathValue("org"),
		func(context.Context, *bearergate.Token, string) (bool, error) { panic("membership") }))
	if got := panics(t, func() { serve(guard, with(as(bearergatetest.InstallationClaims()), "org", "acme")) }); got != "membership" {
		t.Errorf("got panic %v, want that of the function", got)
	}
	if len(*seen) != 1 || (*seen)[0].Code != bearergate.ErrServerError {
		t.Errorf("got decisions %v, want one server_error", *seen)
	}
}

type membershipContextKey struct{}

func TestMembershipReceivesTokenAndContextOfTheRequest(t *testing.T) {
	var value any
	var subject string
	guard := bearergate.RequireMembership(bearergate.PathValue("org"), func(ctx context.Context, t *bearergate.Token, _ string) (bool, error) {
		value, subject = ctx.Value(membershipContextKey{}), t.Subject()
		return true, nil
	})
	r := with(as(bearergatetest.InstallationClaims()), "org", "acme")
	passes(t, guard, r.WithContext(context.WithValue(r.Context(), membershipContextKey{}, "value")))
	if value != "value" || subject != bearergatetest.DefaultSubject {
		t.Errorf("got value %v and subject %q, want those of the request", value, subject)
	}
}
