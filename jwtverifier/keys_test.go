package jwtverifier_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"log/slog"
	"math"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/bearergate/bearergate/bearergatetest"
	"github.com/bearergate/bearergate/jwtverifier"
)

func toPEM(t *testing.T, blockType string, der []byte, err error) []byte {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: blockType, Bytes: der})
}

// jwks returns the issuer's JWKs by their id, as maps to change.
func jwks(t *testing.T) map[string]map[string]any {
	t.Helper()
	var set struct{ Keys []map[string]any }
	if err := json.Unmarshal(issuer.JWKSet(), &set); err != nil {
		t.Fatal(err)
	}
	byID := make(map[string]map[string]any)
	for _, k := range set.Keys {
		byID[k["kid"].(string)] = k
	}
	return byID
}

func toJSON(t *testing.T, value any) []byte {
	t.Helper()
	b, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// Rules: S3a.10, S3c.1.
func TestStaticKeysTakeEveryForm(t *testing.T) {
	rsaKey := issuer.PublicKey(bearergatetest.RS256).(*rsa.PublicKey)
	ecKey := issuer.PublicKey(bearergatetest.ES256).(*ecdsa.PublicKey)
	edKey := issuer.PublicKey(bearergatetest.EdDSA).(ed25519.PublicKey)
	pkix := func(key any) []byte {
		der, err := x509.MarshalPKIXPublicKey(key)
		return toPEM(t, "PUBLIC KEY", der, err)
	}
	certificate := func() []byte {
		signer, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Unix(1, 0)}
		der, err := x509.CreateCertificate(rand.Reader, template, template, rsaKey, signer)
		return toPEM(t, "CERTIFICATE", der, err)
	}()
	set := jwks(t)
	for _, c := range []struct {
		name       string
		key        any
		algorithms string
	}{
		{"*rsa.PublicKey", rsaKey, "RS256 PS256"},
		{"rsa.PublicKey", *rsaKey, "RS256 PS256"},
		{"*ecdsa.PublicKey", ecKey, "ES256"},
		{"ecdsa.PublicKey", *ecKey, "ES256"},
		{"ed25519.PublicKey", edKey, "EdDSA"},
		{"PKIX PEM", pkix(rsaKey), "RS256 PS256"},
		{"PKIX PEM in a string", string(pkix(ecKey)), "ES256"},
		{"PKIX PEM, Ed25519", pkix(edKey), "EdDSA"},
		{"several PEM blocks", append(pkix(ecKey), pkix(edKey)...), "ES256 EdDSA"},
		{"PKCS #1 PEM", toPEM(t, "RSA PUBLIC KEY", x509.MarshalPKCS1PublicKey(rsaKey), nil), "RS256 PS256"},
		{"certificate", certificate, "RS256 PS256"},
		{"JWK", toJSON(t, set["ES256"]), "ES256"},
		{"JWK in json.RawMessage", json.RawMessage(toJSON(t, set["RS256"])), "RS256 PS256"},
		{"JWK Set", issuer.JWKSet(), "RS256 PS256 ES256 EdDSA"},
		{"JWK Set with white space", "\n\t" + string(issuer.JWKSet()) + "\n", "RS256 PS256 ES256 EdDSA"},
	} {
		t.Run(c.name, func(t *testing.T) {
			keys, err := jwtverifier.StaticKeys(c.key)
			if err != nil {
				t.Fatal(err)
			}
			v := newVerifier(t, func(config *jwtverifier.Config) { config.Keys = keys })
			for _, algorithm := range []string{"RS256", "PS256", "ES256", "EdDSA"} {
				token := issuer.AccessToken(bearergatetest.SignedWith(algorithm))
				if strings.Contains(c.algorithms, algorithm) {
					accepts(t, v, token)
				} else {
					refuses(t, v, token)
				}
			}
		})
	}
}

// Rules: S3a.9.
func TestJWKsAlgIsTheOnlyOne(t *testing.T) {
	key := jwks(t)["RS256"]
	key["alg"] = "PS256"
	keys, err := jwtverifier.StaticKeys(toJSON(t, key))
	if err != nil {
		t.Fatal(err)
	}
	v := newVerifier(t, func(config *jwtverifier.Config) { config.Keys = keys })
	accepts(t, v, issuer.AccessToken(bearergatetest.SignedWith("PS256")))
	refuses(t, v, issuer.AccessToken(bearergatetest.SignedWith("RS256")))
}

// unusable are JWKs that no signature is checked with, by what is wrong.
func unusable(t *testing.T) map[string]map[string]any {
	t.Helper()
	change := func(kid, name string, value any) map[string]any {
		k := jwks(t)[kid]
		k[name] = value
		k["kid"] = "bad"
		return k
	}
	rsaOf := func(bits int) map[string]any {
		n := new(big.Int).SetBit(big.NewInt(1), bits-1, 1) // odd
		return change("RS256", "n", base64.RawURLEncoding.EncodeToString(n.Bytes()))
	}
	return map[string]map[string]any{
		"post-quantum":          {"kty": "AKP", "alg": "ML-DSA-44", "pub": "AAAA", "kid": "bad"},
		"x25519":                change("EdDSA", "crv", "X25519"),
		"Ed448":                 change("EdDSA", "crv", "Ed448"),
		"secp256k1":             change("ES256", "crv", "secp256k1"),
		"P-384 of P-256 size":   change("ES256", "crv", "P-384"),
		"symmetric":             {"kty": "oct", "k": "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow", "kid": "bad"},
		"private RSA":           change("RS256", "d", "AAAA"),
		"private EC":            change("ES256", "d", "AAAA"),
		"private, null":         change("EdDSA", "d", nil),
		"private, p":            change("RS256", "p", "AAAA"),
		"private, q":            change("RS256", "q", "AAAA"),
		"private, dp":           change("RS256", "dp", "AAAA"),
		"private, dq":           change("RS256", "dq", "AAAA"),
		"private, qi":           change("RS256", "qi", "AAAA"),
		"private, oth":          change("RS256", "oth", []string{}),
		"private, k":            change("RS256", "k", "AAAA"),
		"private, priv":         change("EdDSA", "priv", "AAAA"),
		"for encryption":        change("RS256", "use", "enc"),
		"for another purpose":   change("RS256", "use", ""),
		"key_ops sign":          change("ES256", "key_ops", []string{"sign"}),
		"key_ops empty":         change("ES256", "key_ops", []string{}),
		"key_ops a string":      change("ES256", "key_ops", "verify"),
		"RSA of 1024 bits":      rsaOf(1024),
		"RSA of 2047 bits":      rsaOf(2047),
		"RSA of 8193 bits":      rsaOf(8193),
		"RSA, even n":           change("RS256", "n", base64.RawURLEncoding.EncodeToString(new(big.Int).SetBit(big.NewInt(2), 2047, 1).Bytes())),
		"RSA, e of 1":           change("RS256", "e", "AQ"),
		"RSA, even e":           change("RS256", "e", "AQAA"),
		"RSA, huge e":           change("RS256", "e", "AQAAAAAAAAAB"),
		"RSA without n":         change("RS256", "n", ""),
		"point off its curve":   change("ES256", "x", "AAAA"),
		"point without y":       change("ES256", "y", ""),
		"Ed25519 of 3 bytes":    change("EdDSA", "x", "AAAA"),
		"Ed25519 of order 1":    change("EdDSA", "x", encode("\x01"+strings.Repeat("\x00", 31))),
		"Ed25519 off its curve": change("EdDSA", "x", encode("\x02"+strings.Repeat("\x00", 31))),
		"kty unknown":           change("RS256", "kty", "rsa"),
		"kty a number":          change("RS256", "kty", 1),
		"kid a number":          {"kty": "RSA", "kid": 7},
		"alg of another type":   change("ES256", "alg", "RS256"),
		"alg for encryption":    change("RS256", "alg", "RSA-OAEP-256"),
		"alg none":              change("RS256", "alg", "none"),
		"alg HS256":             change("RS256", "alg", "HS256"),
		"ES384 on P-256":        change("ES256", "alg", "ES384"),
		"n is not base64url":    change("RS256", "n", "***"),
		"nothing in it at all":  {},
	}
}

// Rules: S3c.16, S3c.17, S3c.18, S3c.20, S3c.21, S3c.23.
func TestUnusableKeysAreSkippedAndReportedOnce(t *testing.T) {
	good := jwks(t)["ES256"]
	for name, bad := range unusable(t) {
		t.Run(name, func(t *testing.T) {
			keys, err := jwtverifier.StaticKeys(toJSON(t, map[string]any{"keys": []any{bad, good}}))
			if err != nil {
				t.Fatalf("got %v, want the good key to be usable", err)
			}
			var log bytes.Buffer
			v := newVerifier(t, func(config *jwtverifier.Config) {
				config.Keys = keys
				config.Logger = slog.New(slog.NewTextHandler(&log, nil))
			})
			for range 2 {
				accepts(t, v, issuer.AccessToken(bearergatetest.SignedWith("ES256")))
			}
			for _, algorithm := range []string{"RS256", "PS256", "EdDSA"} {
				refuses(t, v, issuer.AccessToken(bearergatetest.SignedWith(algorithm), bearergatetest.WithHeader("kid", "bad")))
			}
			if n := strings.Count(log.String(), "\n"); n != 1 || !strings.Contains(log.String(), `key \"bad\": `) && !strings.Contains(log.String(), "entry 0 of the key set: ") {
				t.Errorf("got %d reports, want 1 of the bad key:\n%s", n, &log)
			}
			if _, err := jwtverifier.StaticKeys(toJSON(t, bad)); err == nil {
				t.Error("got no error, want one for it alone")
			}
			if _, err := jwtverifier.StaticKeys(toJSON(t, map[string]any{"keys": []any{bad}})); err == nil {
				t.Error("got no error, want one for a set without a usable key")
			}
		})
	}
}

// Rules: S3c.19.
func TestKeysThatShareAnIDAreSkipped(t *testing.T) {
	set := jwks(t)
	set["RS256"]["kid"], set["EdDSA"]["kid"] = "shared", "shared"
	keys, err := jwtverifier.StaticKeys(toJSON(t, map[string]any{"keys": []any{set["RS256"], set["ES256"], set["EdDSA"]}}))
	if err != nil {
		t.Fatal(err)
	}
	v := newVerifier(t, func(config *jwtverifier.Config) { config.Keys = keys })
	accepts(t, v, issuer.AccessToken(bearergatetest.SignedWith("ES256")))
	for _, algorithm := range []string{"RS256", "EdDSA"} {
		refuses(t, v, issuer.AccessToken(bearergatetest.SignedWith(algorithm), bearergatetest.WithHeader("kid", "shared")))
		refuses(t, v, issuer.AccessToken(bearergatetest.SignedWith(algorithm), bearergatetest.WithoutHeader("kid")))
	}
}

// TestSignatureThatAnybodyCanMakeIsRefused forges with the key of order 1, for
// which a signature of R = 1 and S = 0 is good for every message.
func TestSignatureThatAnybodyCanMakeIsRefused(t *testing.T) {
	order1 := append(ed25519.PublicKey{1}, make([]byte, 31)...)
	signature := append([]byte{1}, make([]byte, 63)...)
	if !ed25519.Verify(order1, []byte("any message"), signature) {
		t.Fatal("crypto/ed25519 refuses the forgery, want it accepted: if it is no more, our own check may go")
	}
	bad := jwks(t)["EdDSA"]
	bad["kid"], bad["x"] = "bad", encode(string(order1))
	keys, err := jwtverifier.StaticKeys(toJSON(t, map[string]any{"keys": []any{bad, jwks(t)["ES256"]}}))
	if err != nil {
		t.Fatal(err)
	}
	v := newVerifier(t, func(config *jwtverifier.Config) { config.Keys = keys })
	for _, kid := range []bearergatetest.TokenOption{bearergatetest.WithHeader("kid", "bad"), bearergatetest.WithoutHeader("kid")} {
		header, payload, _ := segments(issuer.AccessToken(bearergatetest.SignedWith("EdDSA"), kid))
		refuses(t, v, header+"."+payload+"."+encode(string(signature)))
	}
	if got := keys.Status().Keys; got != 1 {
		t.Errorf("got %d usable keys, want 1", got)
	}
}

// Rules: S3a.15.
func TestCertificatesInAJWKAreNotLookedAt(t *testing.T) {
	key := jwks(t)["RS256"]
	key["x5c"], key["x5u"], key["x5t"] = []string{"not a certificate"}, 7, nil
	if _, err := jwtverifier.StaticKeys(toJSON(t, key)); err != nil {
		t.Errorf("got %v, want it taken", err)
	}
}

// Rules: S3c.1.
func TestExponentOfAnRSAKeyIsOddAndHas31Bits(t *testing.T) {
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	for exponent, want := range map[int]bool{1: false, 2: false, 3: true, 4: false, 65537: true, 65538: false, math.MaxInt32: true} {
		_, err := jwtverifier.StaticKeys(&rsa.PublicKey{N: private.N, E: exponent})
		if got := err == nil; got != want {
			t.Errorf("exponent %d: got accepted %v, want %v: %v", exponent, got, want, err)
		}
	}
}

// Rules: S3c.1.
func TestWhatIsNoPublicKeyIsAnError(t *testing.T) {
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	hugeExponent := int64(1)<<32 + 1
	weak, weakErr := x509.MarshalPKIXPublicKey(&rsa.PublicKey{N: big.NewInt(1<<62 + 1), E: 65537})
	for name, key := range map[string]any{
		"nil":                  nil,
		"number":               7,
		"text":                 "secret",
		"no bytes":             []byte{},
		"private key":          private,
		"nil *rsa.PublicKey":   (*rsa.PublicKey)(nil),
		"nil *ecdsa.PublicKey": (*ecdsa.PublicKey)(nil),
		"huge exponent":        &rsa.PublicKey{N: private.N, E: int(hugeExponent)},
		"no modulus":           &rsa.PublicKey{E: 65537},
		"no point":             &ecdsa.PublicKey{Curve: elliptic.P256()},
		"no y":                 &ecdsa.PublicKey{Curve: elliptic.P256(), X: big.NewInt(1)},
		"no x":                 &ecdsa.PublicKey{Curve: elliptic.P256(), Y: big.NewInt(1)},
		"P-224":                &ecdsa.PublicKey{Curve: elliptic.P224(), X: big.NewInt(1), Y: big.NewInt(1)},
		"point off its curve":  &ecdsa.PublicKey{Curve: elliptic.P256(), X: big.NewInt(1), Y: big.NewInt(1)},
		"short Ed25519":        ed25519.PublicKey("short"),
		"Ed25519 of order 4":   make(ed25519.PublicKey, ed25519.PublicKeySize),
		"private PEM":          toPEM(t, "PRIVATE KEY", pkcs8, err),
		"weak PEM":             toPEM(t, "PUBLIC KEY", weak, weakErr),
		"garbage in PEM":       toPEM(t, "PUBLIC KEY", []byte("garbage"), nil),
		"garbage certificate":  toPEM(t, "CERTIFICATE", []byte("garbage"), nil),
		"broken PEM":           "-----BEGIN PUBLIC KEY-----\nAAAA",
		"broken JSON":          `{"keys":[`,
		"keys an object":       `{"keys":{}}`,
		"an entry a string":    `{"keys":["x"]}`,
		"no keys":              `{"keys":[]}`,
		"member twice":         `{"keys":[],"keys":[]}`,
	} {
		if _, err := jwtverifier.StaticKeys(key); err == nil {
			t.Errorf("%s: got no error, want one", name)
		} else if !strings.HasPrefix(fmt.Sprint(err), "jwtverifier: ") {
			t.Errorf("%s: got %v, want to know whose error it is", name, err)
		}
	}
	if _, err := jwtverifier.StaticKeys(); err == nil {
		t.Error("no keys: got no error, want one")
	}
	for _, text := range []string{"secret", "-----BEGIN PUBLIC KEY-----\nAAAA"} {
		if _, err := jwtverifier.StaticKeys(&private.PublicKey, text); err == nil {
			t.Errorf("%q beside a good key: got no error, want one", text)
		}
	}
}
