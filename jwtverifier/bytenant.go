package jwtverifier

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/internal/b64token"
)

// MaxTenants is how many tenants' keys a [Tenants] keeps. If more tenants send good
// tokens, the keys of those that sent no new one for longest are dropped, and fetched
// again with their next token.
const MaxTenants = 1000

// Tenants is a [bearergate.Verifier] of the tokens of many issuers. [ByTenant] returns
// one; a zero Tenants cannot decide about any token. It is safe for concurrent use.
type Tenants struct {
	markedTenants
	front
	policy    policy // without issuer
	cacheSize int
	logger    *slog.Logger
	known     func(issuer string) (bool, error)
	opts      []RemoteKeysOption
	kept      tenantTable
}

type markedTenants = b64token.Marked[Tenants]

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
// a tenant that is known no longer. If known returns an error, such as for a list that
// is not loaded yet, the answer is 503. known answers from memory, and is called
// concurrently.
//
// Ids are compared without the issuer: see [bearergate.Claims]. If a tenant decides
// what its tokens say, [bearergate.RequireOrg] would accept the organization of
// another one. Use [bearergate.RequireMembership], and look at [bearergate.Token.Issuer].
//
// The verifier keeps the keys of at most [MaxTenants] issuers, and one cache of
// Config.CacheSize for all. Tokens that are not good, which anyone can send, displace
// no keys, and cause at most 100 fetches in 10 s; beyond that, a tenant whose keys are
// not kept is answered 503. The error names every fault of c and opts.
func ByTenant(c Config, known func(issuer string) (bool, error), opts ...RemoteKeysOption) (*Tenants, error) {
	var faults []error
	if c.Issuer != "" || c.Keys != nil {
		faults = append(faults, errors.New("jwtverifier: ByTenant was given a Config with an Issuer or Keys; leave them out, each tenant has its own"))
	}
	if known == nil {
		faults = append(faults, errors.New("jwtverifier: ByTenant was given no function; pass one that reports whether an issuer is a tenant's"))
	}
	const example = "https://tenant.example"
	if _, err := DiscoverKeys(example, opts...); err != nil {
		faults = append(faults, err)
	}
	c.Issuer = example
	if faults = append(faults, c.check()...); len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	t := &Tenants{
		policy: newPolicy(&c), cacheSize: c.cacheSize(), logger: c.Logger, known: known, opts: slices.Clone(opts), kept: newTenantTable(),
	}
	t.cache, t.choose, t.verified = newCache(t.cacheSize), t.verifierOf, t.kept.verified
	b64token.Mark(&t.markedTenants, t)
	return t, nil
}

// VerifyToken implements [bearergate.Verifier].
func (t *Tenants) VerifyToken(ctx context.Context, raw string) (*bearergate.Token, error) {
	if t == nil || t.choose == nil {
		return nil, errUnmade
	}
	token, err := t.front.VerifyToken(ctx, raw)
	if err != nil {
		return nil, err
	}
	if err := t.checkKnown(token.Issuer()); err != nil { // it may come from the cache
		return nil, err
	}
	return token, nil
}

// Explain is [Verifier.Explain] of the verifier of the token's tenant.
func (t *Tenants) Explain(ctx context.Context, raw string) []Check {
	if t == nil || t.choose == nil {
		return unmade()
	}
	return t.front.explain(ctx, raw)
}

func (t *Tenants) checkKnown(issuer string) error {
	known, err := t.known(issuer)
	switch {
	case err != nil:
		return fmt.Errorf("jwtverifier: the function of ByTenant: %w", withoutAnswer(err))
	case !known:
		return errOtherIssuer(issuer, "that of a tenant, which the function of ByTenant knows")
	}
	return nil
}

func (t *Tenants) verifierOf(payload string) (*Verifier, error) {
	issuer, err := issuerOf(payload)
	if err != nil {
		return nil, err
	}
	if err := t.checkKnown(issuer); err != nil {
		return nil, err
	}
	return t.kept.verifier(issuer, t.newVerifier)
}

func (t *Tenants) newVerifier(issuer string) (*Verifier, error) {
	keys, err := DiscoverKeys(issuer, t.opts...)
	if err != nil {
		return nil, err
	}
	keys.reportTo(reporter{t.logger, issuer, t.policy.limits})
	v := &Verifier{keys: keys, policy: t.policy, cacheSize: t.cacheSize}
	v.policy.issuer = issuer
	return v, nil
}
