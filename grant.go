package bearergate

import (
	"context"
	"errors"
	"net/http"

	"github.com/bearergate/bearergate/internal/typednil"
)

// GrantOption is a setting of [RequireGrant].
type GrantOption func(*grantGuard)

// WithGrantInPath is for routes that name a grant, such as
// /installations/{grantId}/tokens. If the path parameter of this name is not the
// token's own grant, the answer is 404 grant_not_found, and the store is not asked.
// The answer is the same if the named grant is active, revoked or does not exist.
func WithGrantInPath(name string) GrantOption {
	named := PathValue(name)
	return func(g *grantGuard) { g.named = named }
}

// RequireGrant returns a guard that requires the token's grant to exist and to be
// active. If the token has no grant, or the store does not know it, the answer is 404
// grant_not_found. If the grant was revoked, the answer is 410 grant_revoked. If the
// store cannot decide, the answer is 503 temporarily_unavailable. The store is asked
// on every request; a [CachedGrants] in front of it spares queries. [RequireOrg] inside
// uses the grant's organization, and [GrantFrom] returns the grant to the handler.
func RequireGrant(grants GrantStore, opts ...GrantOption) Middleware {
	if typednil.Is(grants) {
		panic("bearergate: RequireGrant needs a GrantStore; new(MemoryGrants) is one")
	}
	g := &grantGuard{find: finderOf(grants)}
	for _, set := range opts {
		if set == nil {
			panic(nilOption("RequireGrant", "GrantOption"))
		}
		set(g)
	}
	return behindToken("RequireGrant", g.check)
}

type grantGuard struct {
	find  grantFinder
	named OrgFunc // selects the grant that the route names, nil if it names none
}

// grantFinder finds a grant that nobody changes.
type grantFinder func(ctx context.Context, id string) (*Grant, error)

// finderOf spares the copies that Grant makes for its callers. It is about these types
// themselves: a type that embeds one may have a Grant of its own.
func finderOf(grants GrantStore) grantFinder {
	switch grants := grants.(type) {
	case *CachedGrants:
		return grants.cache.Get
	case *MemoryGrants:
		return grants.find
	}
	return func(ctx context.Context, id string) (*Grant, error) {
		g, err := grants.Grant(ctx, id)
		return &g, err
	}
}

var errNoGrantID = ErrGrantNotFound.because(errors.New("the token names no grant"))

func (g *grantGuard) check(_ http.ResponseWriter, r *http.Request, v visit) (visit, error) {
	id := v.token().GrantID()
	if err := g.checkNamed(r, id); err != nil {
		return visit{}, err
	}
	if id == "" {
		return visit{}, errNoGrantID
	}
	grant, err := g.find(r.Context(), id)
	switch {
	case err != nil:
		return visit{}, &grantError{id, err}
	case grant.ID != id:
		return visit{}, becauseOf(Error{Code: ErrTemporarilyUnavailable}, wrongGrant{grant.ID, id})
	case !grant.RevokedAt.IsZero():
		return visit{}, becauseOf(Error{Code: ErrGrantRevoked}, revokedGrant{id, grant.RevokedAt})
	}
	inner := v.own(r, v.grant() != nil)
	inner.looked.Store(grant)
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
		return becauseOf(Error{Code: ErrGrantNotFound}, otherGrant{named, id})
	}
	return nil
}
