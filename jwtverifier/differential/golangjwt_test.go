package differential_test

import (
	"crypto"
	"encoding/json"
	"errors"
	"strings"

	"github.com/go-jose/go-jose/v4"
	"github.com/golang-jwt/jwt/v5"
)

// golangJWTChecker is golang-jwt, which leaves key sets to its caller: go-jose reads
// them, and the key is the one that kid names, or any if a token has no kid.
type golangJWTChecker struct {
	keys   *jose.JSONWebKeySet
	secret []byte
}

var (
	errNoKey = errors.New("no key")

	golangJWTAlgorithms = []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "HS256", "HS384", "HS512"}

	golangJWTParser = jwt.NewParser(jwt.WithValidMethods(golangJWTAlgorithms), jwt.WithIssuer(issuer), jwt.WithAudience(audience),
		jwt.WithExpirationRequired(), jwt.WithLeeway(leeway), jwt.WithStrictDecoding(), jwt.WithJSONNumber())
)

func openGolangJWT(set string, secret []byte) (checker, error) {
	if secret != nil {
		return golangJWTChecker{secret: secret}, nil
	}
	keys := new(jose.JSONWebKeySet)
	err := json.Unmarshal([]byte(set), keys)
	return golangJWTChecker{keys: keys}, err
}

func (c golangJWTChecker) choose(keyID string) (keys jwt.VerificationKeySet) {
	if c.secret != nil {
		return jwt.VerificationKeySet{Keys: []jwt.VerificationKey{c.secret}}
	}
	for _, k := range c.keys.Keys {
		if keyID == "" || k.KeyID == keyID {
			keys.Keys = append(keys.Keys, crypto.PublicKey(k.Key))
		}
	}
	return keys
}

// payload uses the methods of the library, since its parser needs a payload of
// claims.
func (c golangJWTChecker) payload(token string) ([]byte, error) {
	segments := strings.Split(token, ".")
	if len(segments) != 3 {
		return nil, jwt.ErrTokenMalformed
	}
	var decoded [3][]byte
	for i := range segments {
		var err error
		if decoded[i], err = golangJWTParser.DecodeSegment(segments[i]); err != nil {
			return nil, err
		}
	}
	var header map[string]any
	if err := json.Unmarshal(decoded[0], &header); err != nil {
		return nil, err
	}
	alg, _ := header["alg"].(string)
	method := jwt.GetSigningMethod(alg)
	if method == nil || alg == "none" {
		return nil, jwt.ErrTokenUnverifiable
	}
	for _, key := range c.choose(keyID(token)).Keys {
		if method.Verify(segments[0]+"."+segments[1], decoded[2], key) == nil {
			return decoded[1], nil
		}
	}
	return nil, jwt.ErrTokenSignatureInvalid
}

func (c golangJWTChecker) claims(token string) (facts, error) {
	claims := make(jwt.MapClaims)
	_, err := golangJWTParser.ParseWithClaims(token, claims, func(t *jwt.Token) (any, error) {
		return c.choose(keyID(token)), nil
	})
	if err != nil {
		return facts{}, err
	}
	var f facts
	f.Subject, _ = claims["sub"].(string)
	f.Audience, _ = claims.GetAudience()
	expiry, err := claims.GetExpirationTime()
	if err != nil {
		return facts{}, err
	}
	f.Expiry = expiry.Unix()
	return f, nil
}
