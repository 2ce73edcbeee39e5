package differential_test

import (
	"encoding/json"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// goJOSEChecker is go-jose, which needs a kid to choose a key of a set. If a token
// has none, the keys are tried in turn.
type goJOSEChecker struct{ key any }

var goJOSEAlgorithms = []jose.SignatureAlgorithm{
	jose.RS256, jose.RS384, jose.RS512, jose.PS256, jose.PS384, jose.PS512,
	jose.ES256, jose.ES384, jose.ES512, jose.EdDSA, jose.HS256, jose.HS384, jose.HS512,
}

func openGoJOSE(set string, secret []byte) (checker, error) {
	if secret != nil {
		return goJOSEChecker{secret}, nil
	}
	keys := new(jose.JSONWebKeySet)
	err := json.Unmarshal([]byte(set), keys)
	return goJOSEChecker{keys}, err
}

// candidates returns the keys to try for a token.
func (c goJOSEChecker) candidates(token string) (keys []any) {
	set, ok := c.key.(*jose.JSONWebKeySet)
	if !ok || keyID(token) != "" {
		return []any{c.key}
	}
	for _, k := range set.Keys {
		keys = append(keys, k.Key)
	}
	return keys
}

func (c goJOSEChecker) payload(token string) (payload []byte, err error) {
	s, err := jose.ParseSignedCompact(token, goJOSEAlgorithms)
	if err != nil {
		return nil, err
	}
	err = errNoKey
	for _, key := range c.candidates(token) {
		if payload, err = s.Verify(key); err == nil {
			return payload, nil
		}
	}
	return nil, err
}

func (c goJOSEChecker) claims(token string) (facts, error) {
	t, err := jwt.ParseSigned(token, goJOSEAlgorithms)
	if err != nil {
		return facts{}, err
	}
	var claims jwt.Claims
	err = errNoKey
	for _, key := range c.candidates(token) {
		if err = t.Claims(key, &claims); err == nil {
			break
		}
	}
	switch {
	case err != nil:
		return facts{}, err
	case claims.Expiry == nil:
		return facts{}, errNoExpiry
	}
	expected := jwt.Expected{Issuer: issuer, AnyAudience: jwt.Audience{audience}, Time: time.Now()}
	return facts{claims.Subject, claims.Audience, int64(*claims.Expiry)}, claims.ValidateWithLeeway(expected, leeway)
}
