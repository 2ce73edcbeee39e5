package jose

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	_ "crypto/sha256" // linked for crypto.Hash
	_ "crypto/sha512"
	"fmt"
	"maps"
	"slices"

	"github.com/lestrrat-go/jwx/v2/jwa"
	"github.com/lestrrat-go/jwx/v2/jws"
)

// algorithm is an entry of the allow-list.
type algorithm struct {
	name string
	// fits reports whether a key is of the algorithm's type, curve and size.
	fits   func(key any) bool
	verify func(signingInput, signature []byte, key any) error
	// symmetric reports whether a key that verifies can also sign.
	symmetric bool
}

// algorithms is the allow-list. It has no "none", and no algorithm without a type
// of key.
var algorithms = map[string]*algorithm{
	"RS256": rsaPKCS1("RS256"),
	"RS384": rsaPKCS1("RS384"),
	"RS512": rsaPKCS1("RS512"),
	"PS256": rsaPSS("PS256", crypto.SHA256),
	"PS384": rsaPSS("PS384", crypto.SHA384),
	"PS512": rsaPSS("PS512", crypto.SHA512),
	"ES256": ecdsaOn("ES256", elliptic.P256()),
	"ES384": ecdsaOn("ES384", elliptic.P384()),
	"ES512": ecdsaOn("ES512", elliptic.P521()),
	"EdDSA": {name: "EdDSA", fits: isEd25519, verify: jwxVerify("EdDSA")},
	"HS256": hmacWith("HS256", crypto.SHA256),
	"HS384": hmacWith("HS384", crypto.SHA384),
	"HS512": hmacWith("HS512", crypto.SHA512),
}

// Algorithms returns the names of the allow-list, sorted.
func Algorithms() []string { return slices.Sorted(maps.Keys(algorithms)) }

// IsSymmetric reports whether the algorithm is of the allow-list, and its keys are
// secrets.
func IsSymmetric(algorithm string) bool {
	a := algorithms[algorithm]
	return a != nil && a.symmetric
}

func rsaPKCS1(name string) *algorithm {
	return &algorithm{name: name, fits: isRSA, verify: jwxVerify(name)}
}

// rsaPSS does not use jwx, which accepts a salt of any length. RFC 7518 section 3.5
// requires the length of the hash.
func rsaPSS(name string, hash crypto.Hash) *algorithm {
	return &algorithm{name: name, fits: isRSA, verify: func(signingInput, signature []byte, key any) error {
		h := hash.New()
		h.Write(signingInput)
		return rsa.VerifyPSS(key.(*rsa.PublicKey), hash, h.Sum(nil), signature,
			&rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash})
	}}
}

func ecdsaOn(name string, curve elliptic.Curve) *algorithm {
	return &algorithm{name: name, fits: func(key any) bool {
		k, ok := key.(*ecdsa.PublicKey)
		return ok && k.Curve == curve
	}, verify: jwxVerify(name)}
}

// hmacWith requires a secret as long as the hash (RFC 7518 section 3.2).
func hmacWith(name string, hash crypto.Hash) *algorithm {
	return &algorithm{name: name, symmetric: true, fits: func(key any) bool {
		secret, ok := key.(*secretKey)
		return ok && secret.length >= hash.Size()
	}, verify: func(signingInput, signature []byte, key any) error {
		return key.(*secretKey).verify(hash, signingInput, signature)
	}}
}

func isRSA(key any) bool {
	_, ok := key.(*rsa.PublicKey)
	return ok
}

func isEd25519(key any) bool {
	_, ok := key.(ed25519.PublicKey)
	return ok
}

func jwxVerify(name string) func(signingInput, signature []byte, key any) error {
	verifier, err := jws.NewVerifier(jwa.SignatureAlgorithm(name))
	if err != nil {
		panic(fmt.Sprintf("jose: %s: %v", name, err))
	}
	return verifier.Verify
}
