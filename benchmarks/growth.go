package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/jwtverifier"
)

// growth measures a cache hit as scopes, keys and tokens grow. Its cost should not.
func growth() []measurement {
	var ms []measurement
	add := func(what string, n int, run func(*testing.B)) {
		ms = append(ms, measurement{fmt.Sprintf("hit-by=%s/n=%d", what, n), run})
	}
	s := newSigner("EdDSA")
	guard := func(v bearergate.Verifier) http.Handler {
		return bearergate.Chain(bearergate.RequireToken(v), bearergate.RequireScope("projects:read"))(handled)
	}
	for _, n := range []int{1, 10, 100} {
		es := newSigner("ES256")
		v := must(jwtverifier.New(jwtverifier.Config{Issuer: issuerURL, Audience: audience, Keys: must(jwtverifier.StaticKeys(jwkSet(es, n)))}))
		add("keys", n, requests(guard(v), http.StatusOK, es.token(0)))
	}
	for _, n := range []int{1, 10, 50} {
		add("issuers", n, requests(guard(issuers(s, n)), http.StatusOK, s.token(0)))
	}
	for _, n := range []int{8, 64, 512} {
		c := claims(0, time.Now().Add(time.Hour))
		var many []string
		for i := range n - 1 {
			many = append(many, fmt.Sprintf("resource-%03d:read", i))
		}
		c["scope"] = strings.Join(append(many, "projects:read"), " ")
		token := s.sign(c)
		v := bearergate.Chain(
			must(bearergate.Configure(bearergate.Config{MaxTokenLength: 64 << 10})), bearergate.RequireToken(verifier(s, 8)), bearergate.RequireScope("projects:read"))(handled)
		add("scopes", n, requests(v, http.StatusOK, token))
		add("scopes-sha256", n, sumOf(token))
	}
	for _, n := range []int{1, 1000, 10_000, 100_000} {
		h := guard(verifier(s, 1<<19))
		tokens := s.tokens(n)
		warm(h, tokens)
		add("cached", n, requests(h, http.StatusOK, tokens...))
	}
	for _, n := range []int{0, 1 << 10, 2 << 10, 4 << 10} {
		c := claims(0, time.Now().Add(time.Hour))
		c["padding"] = strings.Repeat("x", n)
		token := s.sign(c)
		add("size", len(token), requests(guard(verifier(s, 8)), http.StatusOK, token))
		add("size-sha256", len(token), sumOf(token))
	}
	return ms
}

// jwkSet returns a set of n keys. The signer's key is the last.
func jwkSet(s signer, n int) []byte {
	var keys []map[string]string
	for i := range n {
		public := &must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader)).PublicKey
		kid := fmt.Sprint("other-", i)
		if i == n-1 {
			public, kid = s.public.(*ecdsa.PublicKey), keyID
		}
		point := must(public.Bytes())
		keys = append(keys, map[string]string{
			"kty": "EC", "crv": "P-256", "kid": kid,
			"x": base64.RawURLEncoding.EncodeToString(point[1:33]), "y": base64.RawURLEncoding.EncodeToString(point[33:]),
		})
	}
	return must(json.Marshal(map[string]any{"keys": keys}))
}

func issuers(s signer, n int) bearergate.Verifier {
	vs := []*jwtverifier.Verifier{verifier(s, jwtverifier.DefaultCacheSize)}
	for i := range n - 1 {
		other := newSigner("EdDSA")
		vs = append(vs, must(jwtverifier.New(jwtverifier.Config{
			Issuer: fmt.Sprintf("%s/%d", issuerURL, i), Audience: audience, Keys: keySource(other),
		})))
	}
	return must(jwtverifier.ByIssuer(vs...))
}
