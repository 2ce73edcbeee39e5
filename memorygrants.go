package bearergate

import (
	"context"
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
// Another [Code], or an [*Error], in the tree sets its own answer. Any other error, and a Grant of another id without an error, means that it
// cannot tell: 503. It is called concurrently.
type GrantStore interface {
	Grant(ctx context.Context, id string) (Grant, error)
}

// GrantStoreFunc is a function that is a [GrantStore].
type GrantStoreFunc func(ctx context.Context, id string) (Grant, error)

// Grant implements [GrantStore].
func (f GrantStoreFunc) Grant(ctx context.Context, id string) (Grant, error) { return f(ctx, id) }

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
