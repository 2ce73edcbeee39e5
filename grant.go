package bearergate

import (
	"errors"
	"net/http"
)

// GrantOption is a setting of [RequireGrant].
type GrantOption func(*grantGuard)

// WithGrantInPath is for routes that name a grant, such as
// /installations/{grantId}/tokens: unless the path parameter of this name is
// the token's own grant, the answer is 404 grant_not_found, the same whether
// the named grant is live, revoked or does not exist, and the store is not asked.
func WithGrantInPath(name string) GrantOption {
	named := PathValue(name)
	return func(g *grantGuard) { g.named = named }
}

// RequireGrant returns a guard that needs the token's grant to exist and to be
// active. A token without grant, and one whose grant the store does not know,
// is answered 404 grant_not_found; a revoked grant 410 grant_revoked. The store
// is asked on every request. [RequireOrg] inside uses the grant's organization; the
// handler gets the grant from [GrantFrom].
func RequireGrant(grants GrantStore, opts ...GrantOption) Middleware {
	if isNil(grants) {
		panic("bearergate: RequireGrant needs a GrantStore; new(MemoryGrants) is one")
	}
	g := &grantGuard{grants: grants}
	for _, set := range opts {
		if set == nil {
			panic(nilOption("RequireGrant", "GrantOption"))
		}
		set(g)
	}
	return behindToken("RequireGrant", g.check)
}

type grantGuard struct {
	grants GrantStore
	named  OrgFunc // selects the grant that the route names, nil if it names none
}

var (
	errNoGrantID  = ErrGrantNotFound.because(errors.New("the token names no grant"))
	errOtherGrant = ErrGrantNotFound.because(errors.New("the route names another grant than the token's"))
	errWrongGrant = ErrTemporarilyUnavailable.because(errors.New("bearergate: the grant store answered neither an error nor the grant that was asked for"))
)

func (g *grantGuard) check(_ http.ResponseWriter, r *http.Request, s *state) (*state, error) {
	id := s.token.GrantID()
	if err := g.checkNamed(r, id); err != nil {
		return nil, err
	}
	if id == "" {
		return nil, errNoGrantID
	}
	grant, err := g.grants.Grant(r.Context(), id)
	switch {
	case err != nil:
		return nil, err
	case grant.ID != id:
		return nil, errWrongGrant
	case !grant.RevokedAt.IsZero():
		return nil, ErrGrantRevoked
	}
	inner := extend(r.Context())
	inner.grant = &grant
	return inner, nil
}

func (g *grantGuard) checkNamed(r *http.Request, id string) error {
	if g.named == nil {
		return nil
	}
	named, err := g.named(r)
	if err != nil {
		return err
	}
	if named != id {
		return errOtherGrant
	}
	return nil
}
