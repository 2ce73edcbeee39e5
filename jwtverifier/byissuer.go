package jwtverifier

import (
	"context"
	"errors"
	"fmt"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/internal/b64token"
	"github.com/bearergate/bearergate/internal/strictjson"
)

// Issuers is a [bearergate.Verifier] of the tokens of several issuers. [ByIssuer]
// returns one; a zero Issuers cannot decide about any token. It is safe for concurrent
// use.
type Issuers struct {
	markedIssuers
	front
	byIssuer map[string]*Verifier
	wanted   string // issuer, in words
}

type markedIssuers = b64token.Marked[Issuers]

// ByIssuer returns a verifier of the tokens of several issuers. Each token is
// verified by the one of vs whose [Config.Issuer] is its "iss", byte for byte, and
// by no other. A token of another issuer is refused without asking for keys.
//
// The error names every fault: no verifier, a nil one, one that [New] did not
// return, two for one issuer, and two that share a [KeySource], since each of
// their issuers could then sign for the other.
//
// The verifiers share one cache, as large as theirs together. Tokens of a verifier
// without a cache are not kept.
//
// Ids are compared without the issuer: see [bearergate.Claims].
func ByIssuer(vs ...*Verifier) (*Issuers, error) {
	m := &Issuers{byIssuer: make(map[string]*Verifier, len(vs))}
	sources := make(map[KeySource]string, len(vs))
	entries := 0
	var faults []error
	if len(vs) == 0 {
		faults = append(faults, errors.New("jwtverifier: ByIssuer needs a verifier"))
	}
	for i, v := range vs {
		if err := m.checkNext(i, v, sources); err != nil {
			faults = append(faults, err)
			continue
		}
		m.byIssuer[v.policy.issuer] = v
		sources[v.keys] = v.policy.issuer
		entries += v.cacheSize
	}
	if len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	m.wanted = fmt.Sprintf("that of one of the %d verifiers of ByIssuer", len(m.byIssuer))
	m.cache, m.choose = newCache(entries), m.verifierOf
	b64token.Mark(&m.markedIssuers, m)
	return m, nil
}

// checkNext returns why verifier i cannot stand beside those before it, whose sources
// of keys these are.
func (m *Issuers) checkNext(i int, v *Verifier, sources map[KeySource]string) error {
	switch {
	case v == nil:
		return fmt.Errorf("jwtverifier: ByIssuer was given nil as verifier %d", i)
	case !v.made():
		return fmt.Errorf("jwtverifier: ByIssuer was given as verifier %d one that New did not return; look at New's error", i)
	case m.byIssuer[v.policy.issuer] != nil:
		return fmt.Errorf("jwtverifier: ByIssuer was given two verifiers of the issuer %q", v.policy.issuer)
	}
	if other, ok := sources[v.keys]; ok {
		return fmt.Errorf("jwtverifier: the issuers %q and %q share a KeySource; give each its own", other, v.policy.issuer)
	}
	return nil
}

// VerifyToken implements [bearergate.Verifier].
func (m *Issuers) VerifyToken(ctx context.Context, raw string) (*bearergate.Token, error) {
	if m == nil || m.choose == nil {
		return nil, errUnmade
	}
	return m.front.VerifyToken(ctx, raw)
}

// Explain is [Verifier.Explain] of the verifier of the token's issuer.
func (m *Issuers) Explain(ctx context.Context, raw string) []Check {
	if m == nil || m.choose == nil {
		return unmade()
	}
	return m.front.explain(ctx, raw)
}

// verifierOf returns the verifier of the token's issuer. The issuer is not believed
// yet: the verifier compares it again after the signature was checked.
func (m *Issuers) verifierOf(payload string) (*Verifier, error) {
	issuer, err := issuerOf(payload)
	if err != nil {
		return nil, err
	}
	if v := m.byIssuer[issuer]; v != nil {
		return v, nil
	}
	return nil, errOtherIssuer(issuer, m.wanted)
}

// errOtherIssuer refuses a token before its signature is checked.
func errOtherIssuer(issuer, wanted string) error {
	return invalid(&failure{check: func() Check {
		return Check{Name: "issuer", Result: Failed, Found: textOrNo("iss", issuer), Wanted: wanted}
	}})
}

var errFound = errors.New("found")

// issuerOf reads "iss" and no claim behind it. It is empty if there is none.
func issuerOf(payload string) (issuer string, err error) {
	err = strictjson.Object(payload, func(name, value string) error {
		if name != "iss" {
			return nil
		}
		issuer, _ = strictjson.String(value)
		return errFound
	})
	if err == nil || errors.Is(err, errFound) {
		return issuer, nil
	}
	return "", invalid(err)
}
