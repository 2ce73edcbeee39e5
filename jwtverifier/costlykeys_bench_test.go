package jwtverifier_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"fmt"
	"strings"
	"testing"

	"github.com/bearergate/bearergate/jwtverifier"
)

// BenchmarkForgery is what a token costs whose signature is well-formed and wrong, by
// algorithm and key. A check alone is that, less what a token of HS256 costs.
func BenchmarkForgery(b *testing.B) {
	for _, bits := range []int{2048, 3072, 4096, 6144, 8192} {
		key := rsaKey(b, bits)
		for _, algorithm := range []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"} {
			benchmarkForgery(b, fmt.Sprintf("%s-%d", algorithm, bits), algorithm, publicKeys(b, key), encode("\x01"+strings.Repeat("s", bits/8-1)))
		}
	}
	for _, e := range []int{3, 1<<31 - 1} {
		for _, bits := range []int{2048, 4096, 8192} {
			key := rsaKey(b, bits)
			key.E = e
			benchmarkForgery(b, fmt.Sprintf("RS256-%d-e%d", bits, e), "RS256", publicKeys(b, key), encode("\x01"+strings.Repeat("s", bits/8-1)))
		}
	}
	for algorithm, curve := range map[string]elliptic.Curve{"ES256": elliptic.P256(), "ES384": elliptic.P384(), "ES512": elliptic.P521()} {
		key, err := ecdsa.GenerateKey(curve, rand.Reader)
		if err != nil {
			b.Fatal(err)
		}
		half := (curve.Params().BitSize + 7) / 8
		number := "\x00" + strings.Repeat("s", half-1) // less than the order
		benchmarkForgery(b, algorithm, algorithm, publicKeys(b, &key.PublicKey), encode(number+number))
	}
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		b.Fatal(err)
	}
	benchmarkForgery(b, "EdDSA", "EdDSA", publicKeys(b, public), encode(string(ed25519.Sign(private, []byte("another message")))))
	for algorithm, hash := range map[string]crypto.Hash{"HS256": crypto.SHA256, "HS384": crypto.SHA384, "HS512": crypto.SHA512} {
		keys, err := jwtverifier.SharedSecret([]byte(strings.Repeat("k", 64)))
		if err != nil {
			b.Fatal(err)
		}
		benchmarkForgery(b, algorithm, algorithm, keys, encode(strings.Repeat("s", hash.Size())))
	}
}

func publicKeys(t testing.TB, keys ...any) jwtverifier.KeySource {
	t.Helper()
	source, err := jwtverifier.StaticKeys(keys...)
	if err != nil {
		t.Fatal(err)
	}
	return source
}

func benchmarkForgery(b *testing.B, name, algorithm string, keys jwtverifier.KeySource, signature string) {
	_, payload, _ := segments(issuer.AccessToken())
	token := encode(`{"alg":"`+algorithm+`","typ":"at+jwt"}`) + "." + payload + "." + signature
	v := newVerifier(b, func(c *jwtverifier.Config) { c.Keys = keys })
	b.Run(name, func(b *testing.B) {
		for b.Loop() {
			if _, err := v.VerifyToken(b.Context(), token); err == nil || !strings.Contains(err.Error(), "no known key signed") {
				b.Fatalf("got %v, want the signature refused", err)
			}
		}
	})
}
