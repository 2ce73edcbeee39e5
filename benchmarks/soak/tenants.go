package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/bearergate/bearergate"
)

// tenants are the installations of an app. Their grants are revoked, deleted, given to
// another organization and made anew all the time.
type tenants struct {
	grants *registry[string, bearergate.Grant]
	tell   teller

	mu  sync.Mutex
	all []*tenant
}

type tenant struct {
	name, organization string
	generation         int // a grant that was revoked never becomes active again
}

func (t *tenant) grantID() string { return fmt.Sprintf("grant-%s-%d", t.name, t.generation) }

// teller passes on that a grant was changed, which was this one before.
type teller func(h *history[*bearergate.Grant], id string, before *bearergate.Grant)

const numTenants = 12

func newTenants(name string, trouble *trouble) *tenants {
	ts := &tenants{grants: newRegistry[string, bearergate.Grant](name, trouble)}
	for i := range numTenants {
		t := &tenant{name: fmt.Sprintf("%s-%d", name, i), organization: fmt.Sprintf("org-%d", i)}
		ts.all = append(ts.all, t)
		h := ts.grants.of(t.grantID())
		h.change(t.active())
		h.settle(time.Time{}.Add(1))
	}
	return ts
}

func (t *tenant) active() *bearergate.Grant {
	return &bearergate.Grant{ID: t.grantID(), OrganizationID: t.organization}
}

// pick returns a copy of a tenant. The first is picked more often than others.
func (ts *tenants) pick(random *rand.Rand) tenant {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	return *ts.all[random.IntN(1+random.IntN(len(ts.all)))]
}

// change changes the grant of one tenant.
func (ts *tenants) change(random *rand.Rand) {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	t := ts.all[random.IntN(len(ts.all))]
	id := t.grantID()
	h := ts.grants.of(id)
	before := h.current()
	next, changes := t.next(before, random)
	if !changes {
		return
	}
	h.change(next)
	ts.tell(h, id, before)
}

// next returns the state after this one.
func (t *tenant) next(g *bearergate.Grant, random *rand.Rand) (next *bearergate.Grant, changes bool) {
	switch {
	case g == nil && random.IntN(2) == 0: // it was deleted, and comes back
		return t.active(), true
	case g == nil:
		return nil, false
	case !g.RevokedAt.IsZero():
		t.generation++
		return nil, true
	}
	switch random.IntN(16) {
	case 0, 1:
		return &bearergate.Grant{ID: g.ID, OrganizationID: g.OrganizationID, RevokedAt: time.Now()}, true
	case 2:
		return nil, true
	case 3:
		t.organization = fmt.Sprintf("org-%d", random.IntN(numTenants))
		return t.active(), true
	}
	return nil, false
}

// grant is the [bearergate.GrantStoreFunc] of the tenants.
func (ts *tenants) grant(ctx context.Context, id string) (bearergate.Grant, error) {
	g, err := ts.grants.query(ctx, id)
	switch {
	case err != nil:
		return bearergate.Grant{}, err
	case g == nil:
		return bearergate.Grant{}, bearergate.ErrGrantNotFound
	}
	return *g, nil
}
