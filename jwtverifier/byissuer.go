package jwtverifier

import (
	"errors"
	"fmt"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/internal/b64token"
	"github.com/bearergate/bearergate/internal/strictjson"
)

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
func ByIssuer(vs ...*Verifier) (bearergate.Verifier, error) {
	m := &multiVerifier{byIssuer: make(map[string]*Verifier, len(vs))}
	sources := make(map[KeySource]string, len(vs))
	entries := 0
	var faults []error
	if len(vs) == 0 {
		faults = append(faults, errors.New("jwtverifier: ByIssuer needs a verifier"))
	}
	for i, v := range vs {
		if v == nil {
			faults = append(faults, fmt.Errorf("jwtverifier: ByIssuer was given nil as verifier %d", i))
			continue
		}
		if !v.made() {
			faults = append(faults, fmt.Errorf("jwtverifier: ByIssuer was given as verifier %d one that New did not return; look at New's error", i))
			continue
		}
		if m.byIssuer[v.policy.issuer] != nil {
			faults = append(faults, fmt.Errorf("jwtverifier: ByIssuer was given two verifiers of the issuer %q", v.policy.issuer))
		} else if other, ok := sources[v.keys]; ok {
			faults = append(faults, fmt.Errorf("jwtverifier: the issuers %q and %q share a KeySource; give each its own", other, v.policy.issuer))
		}
		m.byIssuer[v.policy.issuer] = v
		sources[v.keys] = v.policy.issuer
		entries += v.cacheSize
	}
	if len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	m.cache, m.choose = newCache(entries), m.verifierOf
	b64token.Mark(&m.Marked, m)
	return m, nil
}

type multiVerifier struct {
	b64token.Marked[multiVerifier]
	front
	byIssuer map[string]*Verifier
}

var (
	errNoIssuer = errors.New("issuer: got no iss")
	errFound    = errors.New("found")
)

// verifierOf returns the verifier of the token's issuer. The issuer is not believed
// yet: the verifier compares it again after the signature was checked.
func (m *multiVerifier) verifierOf(payload string) (*Verifier, error) {
	issuer, err := issuerOf(payload)
	if err != nil {
		return nil, err
	}
	if v := m.byIssuer[issuer]; v != nil {
		return v, nil
	}
	return nil, invalid(fmt.Errorf("issuer: got iss %s, want that of one of the %d verifiers of ByIssuer", quote(issuer), len(m.byIssuer)))
}

// issuerOf reads "iss" and no claim behind it.
func issuerOf(payload string) (issuer string, err error) {
	err = strictjson.Object(payload, func(name, value string) error {
		if name != "iss" {
			return nil
		}
		issuer, _ = strictjson.String(value)
		return errFound
	})
	switch {
	case err == nil:
		return "", invalid(errNoIssuer)
	case errors.Is(err, errFound):
		return issuer, nil
	}
	return "", invalid(err)
}
