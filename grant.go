package bearergate

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"sync"
	"time"
)

// Grant is an app's installation on an organization.
type Grant struct {
	ID             string
	OrganizationID string
	// Scopes and ProjectIDs bound what installation tokens can be minted for the
	// grant. Nil scopes bound nothing, as no project ids do.
	Scopes     []string
	ProjectIDs []string
	// RevokedAt is the zero time for an active grant. Any other time, also one
	// to come, makes it a revoked one.
	RevokedAt time.Time
}

// GrantStore finds grants.
//
// Grant returns the grant, revoked ones too; or an error with
// [ErrGrantNotFound] in its tree for one that was deleted or never existed: 404.
// Any other error, and a Grant of another id without an error, means that it
// cannot tell: 503. It is called concurrently.
type GrantStore interface {
	Grant(ctx context.Context, id string) (Grant, error)
}

// GrantOption is a setting of [RequireGrant].
type GrantOption func(*grantGuard)

// WithGrantInPath is for routes that name a grant, such as
// /installations/{grantId}/tokens: unless the path parameter of this name is
// the token's own grant, the answer is 404 grant_not_found, the same whether
// the named grant is live, revoked or does not exist. The store is not asked.
func WithGrantInPath(name string) GrantOption {
	named := PathValue(name)
	return func(g *grantGuard) { g.named = named }
}

type grantGuard struct {
	grants GrantStore
	named  func(*http.Request) (string, error)
}

// RequireGrant returns a guard that needs the token's grant to exist and to be
// active. A token without grant, and one whose grant the store does not know,
// is answered 404 grant_not_found; a revoked grant 410 grant_revoked. The store
// is asked on every request. The grant is there for [RequireOrg] and the
// handler inside: [GrantFrom].
func RequireGrant(grants GrantStore, opts ...GrantOption) Middleware {
	if grants == nil {
		panic("bearergate: RequireGrant needs a GrantStore; new(MemoryGrants) is one")
	}
	g := &grantGuard{grants: grants}
	for _, set := range opts {
		if set == nil {
			panic("bearergate: RequireGrant was given a nil GrantOption; leave it out")
		}
		set(g)
	}
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			state := extend(r.Context())
			state.record.deciding()
			grant, err := g.check(r, state.token)
			if err != nil {
				refuseGuarded(w, r, err)
				return
			}
			state.grant = &grant
			state.record.granted(r, &grant)
			next.ServeHTTP(w, r.WithContext(state))
		})
	}
}

var (
	errGrantUnguarded = ErrServerError.because(errors.New("bearergate: RequireGrant without RequireToken before it; put RequireToken outside of it"))
	errNoGrantID      = ErrGrantNotFound.because(errors.New("the token names no grant"))
	errOtherGrant     = ErrGrantNotFound.because(errors.New("the route names another grant than the token's"))
	errWrongGrant     = ErrTemporarilyUnavailable.because(errors.New("bearergate: the grant store answered neither an error nor the grant that was asked for"))
)

func (g *grantGuard) check(r *http.Request, t *Token) (Grant, error) {
	if t == nil {
		return Grant{}, errGrantUnguarded
	}
	if g.named != nil {
		named, err := g.named(r)
		if err != nil {
			return Grant{}, err
		}
		if named != t.GrantID() {
			return Grant{}, errOtherGrant
		}
	}
	if t.GrantID() == "" {
		return Grant{}, errNoGrantID
	}
	grant, err := g.grants.Grant(r.Context(), t.GrantID())
	switch {
	case err != nil:
		return Grant{}, err
	case grant.ID != t.GrantID():
		return Grant{}, errWrongGrant
	case !grant.RevokedAt.IsZero():
		return Grant{}, ErrGrantRevoked
	}
	return grant, nil
}

// GrantFrom returns the grant that RequireGrant looked up for this request.
func GrantFrom(ctx context.Context) (Grant, bool) {
	if g := stateFrom(ctx).grant; g != nil {
		return g.clone(), true
	}
	return Grant{}, false
}

func (g Grant) clone() Grant {
	g.Scopes, g.ProjectIDs = slices.Clone(g.Scopes), slices.Clone(g.ProjectIDs)
	return g
}

// MemoryGrants is a [GrantStore] in memory, for tests and for programs without
// a database. The zero value is empty and ready to use. It is safe for
// concurrent use and holds a grant until [MemoryGrants.Delete].
type MemoryGrants struct {
	mu     sync.RWMutex
	grants map[string]Grant
}

// Grant implements [GrantStore].
func (m *MemoryGrants) Grant(_ context.Context, id string) (Grant, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	g, ok := m.grants[id]
	if !ok {
		return Grant{}, ErrGrantNotFound
	}
	return g.clone(), nil
}

// Put stores the grant in place of one with the same ID.
func (m *MemoryGrants) Put(g Grant) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.grants == nil {
		m.grants = make(map[string]Grant)
	}
	m.grants[g.ID] = g.clone()
}

// Revoke marks the grant as revoked at this time, or now for the zero time. It
// returns [ErrGrantNotFound] for a grant that is not there, and leaves one that
// was revoked before as it is.
func (m *MemoryGrants) Revoke(id string, at time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	g, ok := m.grants[id]
	if !ok {
		return ErrGrantNotFound
	}
	if !g.RevokedAt.IsZero() {
		return nil
	}
	if at.IsZero() {
		at = time.Now()
	}
	g.RevokedAt = at
	m.grants[id] = g
	return nil
}

// Delete removes the grant. It does nothing for one that is not there.
func (m *MemoryGrants) Delete(id string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.grants, id)
}
