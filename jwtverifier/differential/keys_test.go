package differential_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	_ "crypto/sha256" // linked for crypto.Hash
	_ "crypto/sha512"
	"crypto/x509"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"slices"
	"strings"

	"github.com/go-jose/go-jose/v4"
)

// The keys of the tests are the same in every process, so that an input of a fuzzer
// means the same again.
var (
	//go:embed testdata/rsa.json
	rsaJWK []byte

	rsaKey = func() *rsa.PrivateKey {
		var k jose.JSONWebKey
		if err := k.UnmarshalJSON(rsaJWK); err != nil {
			panic(err)
		}
		private := k.Key.(*rsa.PrivateKey)
		private.Precompute()
		return private
	}()
	p256Key  = ecKey(elliptic.P256(), 32)
	p384Key  = ecKey(elliptic.P384(), 48)
	p521Key  = ecKey(elliptic.P521(), 66)
	edKey    = ed25519.NewKeyFromSeed(seed(ed25519.SeedSize))
	stranger = ed25519.NewKeyFromSeed(seed(2 * ed25519.SeedSize)[ed25519.SeedSize:])
	secret   = seed(64)

	// weakKey is the point of order 1, for which weakSignature is good for every
	// message.
	weakKey       = ed25519.PublicKey(append([]byte{1}, make([]byte, 31)...))
	weakSignature = append([]byte{1}, make([]byte, 63)...)
)

// seed returns bytes of which the first is 0, so that they are below the order of
// every curve.
func seed(n int) []byte {
	s := slices.Repeat([]byte("a second opinion"), 8)[:n]
	if n != 64 {
		s[0] = 0
	}
	return s
}

func ecKey(curve elliptic.Curve, size int) *ecdsa.PrivateKey {
	k, err := ecdsa.ParseRawPrivateKey(curve, seed(size))
	if err != nil {
		panic(err)
	}
	return k
}

// signer makes signatures, good ones and some that are good to a lenient reader.
type signer struct {
	name, alg string
	sign      func(input []byte) []byte
}

var signers = []signer{
	{"RS256", "RS256", pkcs1(crypto.SHA256)},
	{"RS384", "RS384", pkcs1(crypto.SHA384)},
	{"RS512", "RS512", pkcs1(crypto.SHA512)},
	{"PS256", "PS256", pss(crypto.SHA256, rsa.PSSSaltLengthEqualsHash)},
	{"PS384", "PS384", pss(crypto.SHA384, rsa.PSSSaltLengthEqualsHash)},
	{"PS512", "PS512", pss(crypto.SHA512, rsa.PSSSaltLengthEqualsHash)},
	{"ES256", "ES256", ec(p256Key, crypto.SHA256)},
	{"ES384", "ES384", ec(p384Key, crypto.SHA384)},
	{"ES512", "ES512", ec(p521Key, crypto.SHA512)},
	{"EdDSA", "EdDSA", func(input []byte) []byte { return ed25519.Sign(edKey, input) }},
	{"HS256", "HS256", mac(crypto.SHA256, secret)},
	{"HS384", "HS384", mac(crypto.SHA384, secret)},
	{"HS512", "HS512", mac(crypto.SHA512, secret)},
	{"none", "none", func([]byte) []byte { return nil }},
	{"a salt of no bytes", "PS256", pss(crypto.SHA256, 0)},
	{"ASN.1", "ES256", func(input []byte) []byte { return asn1(p256Key, input) }},
	{"the public key as the secret", "HS256", mac(crypto.SHA256, publicPEM())},
	{"a key of small order", "EdDSA", func([]byte) []byte { return weakSignature }},
	{"a stranger", "EdDSA", func(input []byte) []byte { return ed25519.Sign(stranger, input) }},
}

func hashed(h crypto.Hash, input []byte) []byte {
	state := h.New()
	state.Write(input)
	return state.Sum(nil)
}

func pkcs1(h crypto.Hash) func([]byte) []byte {
	return func(input []byte) []byte {
		s, err := rsa.SignPKCS1v15(nil, rsaKey, h, hashed(h, input))
		return must(s, err)
	}
}

func pss(h crypto.Hash, salt int) func([]byte) []byte {
	return func(input []byte) []byte {
		s, err := rsa.SignPSS(rand.Reader, rsaKey, h, hashed(h, input), &rsa.PSSOptions{SaltLength: salt})
		return must(s, err)
	}
}

func ec(k *ecdsa.PrivateKey, h crypto.Hash) func([]byte) []byte {
	return func(input []byte) []byte {
		r, s, err := ecdsa.Sign(rand.Reader, k, hashed(h, input))
		must(nil, err)
		size := (k.Curve.Params().BitSize + 7) / 8
		return append(r.FillBytes(make([]byte, size)), s.FillBytes(make([]byte, size))...)
	}
}

func asn1(k *ecdsa.PrivateKey, input []byte) []byte {
	s, err := ecdsa.SignASN1(rand.Reader, k, hashed(crypto.SHA256, input))
	return must(s, err)
}

func mac(h crypto.Hash, key []byte) func([]byte) []byte {
	return func(input []byte) []byte {
		m := hmac.New(h.New, key)
		m.Write(input)
		return m.Sum(nil)
	}
}

func must(data []byte, err error) []byte {
	if err != nil {
		panic(err)
	}
	return data
}

func publicPEM() []byte {
	der, err := x509.MarshalPKIXPublicKey(&rsaKey.PublicKey)
	return must(der, err)
}

// keySet is what tokens are verified with: a set of public keys, or a secret.
type keySet struct {
	name, set string
	secret    []byte
}

var keySets = []keySet{
	{"with kid and alg", setOf(
		entry(&rsaKey.PublicKey, "RS256", "RS256"), entry(&p256Key.PublicKey, "ES256", "ES256"), entry(&p384Key.PublicKey, "ES384", "ES384"),
		entry(&p521Key.PublicKey, "ES512", "ES512"), entry(edKey.Public(), "EdDSA", "EdDSA"),
	), nil},
	{"with kid", setOf(
		entry(&rsaKey.PublicKey, "RS256", ""), entry(&p256Key.PublicKey, "ES256", ""), entry(edKey.Public(), "EdDSA", ""),
	), nil},
	{"without kid", setOf(
		entry(&rsaKey.PublicKey, "", ""), entry(&p256Key.PublicKey, "", ""), entry(&p384Key.PublicKey, "", ""),
		entry(&p521Key.PublicKey, "", ""), entry(edKey.Public(), "", ""),
	), nil},
	{"with a key of small order", setOf(entry(&p256Key.PublicKey, "ES256", ""), entry(weakKey, "EdDSA", "")), nil},
	{"a secret", "", secret},
}

func setOf(entries ...string) string { return `{"keys":[` + strings.Join(entries, ",") + `]}` }

// entry writes a JWK (RFC 7518 section 6, RFC 8037 section 2).
func entry(public any, id, alg string) string {
	m := map[string]string{"use": "sig"}
	if id != "" {
		m["kid"] = id
	}
	if alg != "" {
		m["alg"] = alg
	}
	switch k := public.(type) {
	case *rsa.PublicKey:
		m["kty"], m["n"], m["e"] = "RSA", encode(k.N.Bytes()), encode(big.NewInt(int64(k.E)).Bytes())
	case *ecdsa.PublicKey:
		point := must(k.Bytes())[1:]
		m["kty"], m["crv"] = "EC", k.Curve.Params().Name
		m["x"], m["y"] = encode(point[:len(point)/2]), encode(point[len(point)/2:])
	case ed25519.PublicKey:
		m["kty"], m["crv"], m["x"] = "OKP", "Ed25519", encode(k)
	default:
		panic(fmt.Sprintf("no JWK for %T", public))
	}
	return string(must(json.Marshal(m)))
}

func encode(data []byte) string { return base64.RawURLEncoding.EncodeToString(data) }
