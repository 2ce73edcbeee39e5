package jwtverifier

import (
	"container/list"
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/internal/b64token"
)

// MaxTenants is how many tenants' keys a verifier of [ByTenant] keeps. If more have
// tokens, those that had no new one for longest are fetched again with the next.
const MaxTenants = 1000

// ByTenant returns a verifier of the tokens of many issuers that differ in their URL
// alone, such as those of the tenants of Entra or the realms of Keycloak. Each
// token is verified with the keys of its "iss", which are discovered with opts, as
// by [DiscoverKeys], when its first token arrives, and otherwise as c says. Issuer
// and Keys of c must be empty.
//
// known reports whether an issuer is a tenant's. It is called with the "iss" of every
// token, before anything is fetched, so with texts that anyone can send: compare
// them with the list of your tenants, and not by their form alone. An issuer that
// is not known is refused with [bearergate.ErrInvalidToken]; so is the next token of
// a tenant that is known no longer. known answers from memory, and is called
// concurrently.
//
// The verifier keeps the keys of at most [MaxTenants] issuers, and one cache of
// Config.CacheSize for all. The error names every fault of c and opts.
func ByTenant(c Config, known func(issuer string) bool, opts ...RemoteKeysOption) (bearergate.Verifier, error) {
	var faults []error
	if c.Issuer != "" || c.Keys != nil {
		faults = append(faults, errors.New("jwtverifier: ByTenant was given a Config with an Issuer or Keys; leave them out, each tenant has its own"))
	}
	if known == nil {
		faults = append(faults, errors.New("jwtverifier: ByTenant was given no function; pass one that reports whether an issuer is a tenant's"))
	}
	t := &tenants{config: c, known: known, opts: opts, byIssuer: make(map[string]*list.Element), recent: list.New()}
	if _, err := t.newVerifier("https://tenant.example"); err != nil {
		faults = append(faults, err)
	}
	if len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	t.cache, t.choose = newCache(c.cacheSize()), t.verifierOf
	b64token.Mark(&t.Marked, t)
	return t, nil
}

type tenants struct {
	b64token.Marked[tenants]
	front
	config Config
	known  func(issuer string) bool
	opts   []RemoteKeysOption

	mu       sync.Mutex
	byIssuer map[string]*list.Element // of recent
	recent   *list.List               // of *Verifier, those that were used last in front
}

// VerifyToken implements [bearergate.Verifier].
func (t *tenants) VerifyToken(ctx context.Context, raw string) (*bearergate.Token, error) {
	token, err := t.front.VerifyToken(ctx, raw)
	if err == nil && !t.known(token.Issuer()) { // it may come from the cache
		return nil, errNoTenant(token.Issuer())
	}
	return token, err
}

func errNoTenant(issuer string) error {
	return invalid(fmt.Errorf("issuer: got iss %s, want one that the function of ByTenant knows", quote(issuer)))
}

func (t *tenants) verifierOf(payload string) (*Verifier, error) {
	issuer, err := issuerOf(payload)
	switch {
	case err != nil:
		return nil, err
	case !t.known(issuer):
		return nil, errNoTenant(issuer)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if e := t.byIssuer[issuer]; e != nil {
		t.recent.MoveToFront(e)
		return e.Value.(*Verifier), nil
	}
	return t.add(issuer)
}

// add needs t.mu.
func (t *tenants) add(issuer string) (*Verifier, error) {
	v, err := t.newVerifier(issuer)
	if err != nil {
		return nil, err
	}
	t.byIssuer[issuer] = t.recent.PushFront(v)
	if t.recent.Len() > MaxTenants {
		last := t.recent.Remove(t.recent.Back()).(*Verifier)
		delete(t.byIssuer, last.policy.issuer)
	}
	return v, nil
}

// newVerifier returns a verifier whose tokens the cache of t keeps.
func (t *tenants) newVerifier(issuer string) (*Verifier, error) {
	keys, err := DiscoverKeys(issuer, t.opts...)
	if err != nil {
		return nil, err
	}
	c := t.config
	c.Issuer, c.Keys = issuer, keys
	return New(c)
}
