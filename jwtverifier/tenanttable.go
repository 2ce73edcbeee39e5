package jwtverifier

import (
	"container/list"
	"errors"
	"sync"
	"time"
)

// maxWaiting is how many tenants are kept whose tokens were not verified yet.
const maxWaiting = 100

// tenantTable keeps the verifiers of tenants. A tenant waits until a token of it was
// good, since anyone can send a bad one that names it: the waiting displace only each
// other, and not before their fetch had time.
type tenantTable struct {
	mu       sync.Mutex
	byIssuer map[string]*list.Element // of waiting or proven
	waiting  *list.List               // of *tenant, newest in front
	proven   *list.List               // of *tenant, those whose tokens were verified last in front
}

type tenant struct {
	verifier *Verifier
	since    time.Time
	proven   bool
}

func newTenantTable() tenantTable {
	return tenantTable{byIssuer: make(map[string]*list.Element), waiting: list.New(), proven: list.New()}
}

var errManyTenants = errors.New("jwtverifier: too many tenants whose keys are not known send tokens")

// verifier returns the verifier of the issuer, a new one if there is none.
func (t *tenantTable) verifier(issuer string, newVerifier func(string) (*Verifier, error)) (*Verifier, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if e := t.byIssuer[issuer]; e != nil {
		return e.Value.(*tenant).verifier, nil
	}
	now := time.Now()
	if t.waiting.Len() >= maxWaiting {
		last := t.waiting.Back()
		if now.Sub(last.Value.(*tenant).since) < unknownKeyCoolDown {
			return nil, errManyTenants
		}
		t.drop(t.waiting, last)
	}
	v, err := newVerifier(issuer)
	if err == nil {
		t.byIssuer[issuer] = t.waiting.PushFront(&tenant{verifier: v, since: now})
	}
	return v, err
}

// verified records that a token was good that is not in the cache.
func (t *tenantTable) verified(v *Verifier) {
	t.mu.Lock()
	defer t.mu.Unlock()
	e := t.byIssuer[v.policy.issuer]
	if e == nil || e.Value.(*tenant).verifier != v {
		return // it was dropped meanwhile
	}
	of := e.Value.(*tenant)
	if of.proven {
		t.proven.MoveToFront(e)
		return
	}
	t.waiting.Remove(e)
	of.proven = true
	t.byIssuer[v.policy.issuer] = t.proven.PushFront(of)
	if t.proven.Len() > MaxTenants {
		t.drop(t.proven, t.proven.Back())
	}
}

// drop needs t.mu.
func (t *tenantTable) drop(from *list.List, e *list.Element) {
	v := from.Remove(e).(*tenant).verifier
	delete(t.byIssuer, v.policy.issuer)
	v.keys.(*remoteKeys).drop()
}
