package differential_test

import (
	"github.com/lestrrat-go/jwx/v3/jwk"
	"github.com/lestrrat-go/jwx/v3/jws"
	"github.com/lestrrat-go/jwx/v3/jwt"
)

// jwxChecker is jwx with its defaults. Keys without an alg are tried, and all keys
// if a token has no kid.
type jwxChecker struct{ set jwk.Set }

func openJWX(set string, secret []byte) (checker, error) {
	if secret == nil {
		s, err := jwk.ParseString(set)
		return jwxChecker{s}, err
	}
	key, err := jwk.Import(secret)
	if err != nil {
		return nil, err
	}
	s := jwk.NewSet()
	return jwxChecker{s}, s.AddKey(key)
}

func keySetOptions(token string, set jwk.Set) []any {
	_, symmetric := first(set).(jwk.SymmetricKey)
	return []any{jws.WithInferAlgorithmFromKey(true), jws.WithRequireKid(keyID(token) != "" && !symmetric)}
}

func first(set jwk.Set) jwk.Key {
	key, _ := set.Key(0)
	return key
}

func (c jwxChecker) payload(token string) ([]byte, error) {
	var options []jws.WithKeySetSuboption
	for _, o := range keySetOptions(token, c.set) {
		options = append(options, o.(jws.WithKeySetSuboption))
	}
	return jws.Verify([]byte(token), jws.WithKeySet(c.set, options...), jws.WithCompact())
}

func (c jwxChecker) claims(token string) (facts, error) {
	t, err := jwt.ParseString(token, jwt.WithKeySet(c.set, keySetOptions(token, c.set)...),
		jwt.WithIssuer(issuer), jwt.WithAudience(audience), jwt.WithRequiredClaim("exp"), jwt.WithAcceptableSkew(leeway))
	if err != nil {
		return facts{}, err
	}
	var f facts
	f.Subject, _ = t.Subject()
	f.Audience, _ = t.Audience()
	expiry, _ := t.Expiration()
	f.Expiry = expiry.Unix()
	return f, nil
}
