package main

import (
	"strings"

	"github.com/bearergate/bearergate"
)

// grant judges RequireGrant, and returns the organizations that the grant may have.
// Rules: S4.23 to S4.26, S4.31 to S4.37.
func (x *exchange) grantVerdict() (v verdict, organizations []string) {
	store := x.route.tenants.grants
	h := store.of(x.credential.grant)
	if x.seen.began(store.name) {
		return refused(bearergate.ErrTemporarilyUnavailable, "its own query failed"), nil
	}
	if x.slow() || h.failed(x.span) {
		v.refuse(bearergate.ErrTemporarilyUnavailable, "the query may have failed")
	}
	for _, g := range h.seen(x.span) {
		switch {
		case g == nil:
			v.refuse(bearergate.ErrGrantNotFound, "the grant may not exist")
		case !g.RevokedAt.IsZero():
			v.refuse(bearergate.ErrGrantRevoked, "the grant may be revoked")
		default:
			v.pass = true
			organizations = append(organizations, g.OrganizationID)
		}
	}
	return v, organizations
}

// organization judges RequireOrg. Rules: S4.7, S4.29.
func (x *exchange) organizationVerdict(organizations []string) (v verdict) {
	for _, o := range organizations {
		if o == x.request.organization {
			v.pass = true
		} else {
			v.refuse(bearergate.ErrWrongOrganization, "the grant may be of another organization")
		}
	}
	return v
}

// missing returns the scopes of the route that the token lacks. Rules: S4.2.
func (x *exchange) missing() string {
	var missing []string
	for _, s := range x.route.scopes {
		if !x.scopes[s] {
			missing = append(missing, s)
		}
	}
	return strings.Join(missing, " ")
}

// scope judges RequireScope. Rules: S4.1.
func (x *exchange) scopeVerdict() verdict {
	if x.missing() != "" {
		return refused(bearergate.ErrMissingScope, "a scope is missing")
	}
	return verdict{pass: true}
}

// project judges the check of Require. Rules: S1.10, S1.15.
func (x *exchange) projectVerdict() verdict {
	if x.credential.project != x.request.project {
		return refused(bearergate.ErrForbidden, "another project")
	}
	return verdict{pass: true}
}
