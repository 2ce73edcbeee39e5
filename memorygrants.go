package bearergate

import (
	"context"
	"sync"
	"time"
)

// Grant is an app's installation on an organization.
type Grant struct {
	ID             string // unique among all grants
	OrganizationID string // compared by RequireOrg
	// Scopes and ProjectIDs are the most that installation tokens of the grant can
	// hold. Nil Scopes set no bound. Empty ProjectIDs stand for all projects.
	Scopes     []string
	ProjectIDs []string
	// RevokedAt is the zero time for an active grant. A grant with any other time,
	// also one in the future, counts as revoked.
	RevokedAt time.Time
}

// GrantStore finds grants.
//
// Grant returns the grant, also if it was revoked. If the grant was deleted or never
// existed, it returns an error with [ErrGrantNotFound] in its tree: 404. Another
// [Code], or an [*Error], in the tree sets its own answer. Any other error means that
// it cannot decide: 503. So does a Grant of another id without an error. It is called
// concurrently.
type GrantStore interface {
	Grant(ctx context.Context, id string) (Grant, error)
}

// GrantStoreFunc is a function that implements [GrantStore].
type GrantStoreFunc func(ctx context.Context, id string) (Grant, error)

// Grant implements [GrantStore].
func (f GrantStoreFunc) Grant(ctx context.Context, id string) (Grant, error) { return f(ctx, id) }

// clone returns a copy that shares no slices with g. It costs one allocation.
func (g Grant) clone() Grant {
	ids := make([]string, 0, len(g.Scopes)+len(g.ProjectIDs))
	g.Scopes, ids = cutCopy(ids, g.Scopes)
	g.ProjectIDs, _ = cutCopy(ids, g.ProjectIDs)
	return g
}

// cutCopy cuts a copy of from off the free capacity of room, and returns what is left
// of it. The copy is nil if from is.
func cutCopy(room, from []string) (copied, left []string) {
	if from == nil {
		return nil, room
	}
	n := len(from)
	return append(room[:0:n], from...), room[n:n:cap(room)]
}

// MemoryGrants is a [GrantStore] in memory, for tests and for programs without
// a database. The zero value is empty and ready to use. It is safe for
// concurrent use. It holds a grant until [MemoryGrants.Delete].
type MemoryGrants struct {
	mu     sync.RWMutex
	grants map[string]*Grant // replaced, never changed
}

// Grant implements [GrantStore]. It never returns an error other than
// [ErrGrantNotFound].
func (m *MemoryGrants) Grant(ctx context.Context, id string) (Grant, error) {
	g, err := m.find(ctx, id)
	if err != nil {
		return Grant{}, err
	}
	return g.clone(), nil
}

func (m *MemoryGrants) find(_ context.Context, id string) (*Grant, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if g := m.grants[id]; g != nil {
		return g, nil
	}
	return nil, ErrGrantNotFound
}

// Put stores a copy of the grant. It replaces a grant with the same ID, but revocation
// is final: if that grant was revoked and this one is not, nothing changes, and the
// error is [ErrGrantRevoked].
func (m *MemoryGrants) Put(g Grant) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if old := m.grants[g.ID]; old != nil && !old.RevokedAt.IsZero() && g.RevokedAt.IsZero() {
		return ErrGrantRevoked
	}
	if m.grants == nil {
		m.grants = make(map[string]*Grant)
	}
	g = g.clone()
	m.grants[g.ID] = &g
	return nil
}

// Revoke marks the grant as revoked at this time. If the time is zero, the current
// time is used. If the grant was revoked before, Revoke has no effect. If there is no
// such grant, it returns [ErrGrantNotFound].
func (m *MemoryGrants) Revoke(id string, at time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	g := m.grants[id]
	if g == nil {
		return ErrGrantNotFound
	}
	if !g.RevokedAt.IsZero() {
		return nil
	}
	if at.IsZero() {
		at = time.Now()
	}
	revoked := *g
	revoked.RevokedAt = at
	m.grants[id] = &revoked
	return nil
}

// Delete removes the grant. If there is no such grant, it has no effect.
func (m *MemoryGrants) Delete(id string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.grants, id)
}
