package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

const (
	issuerURL    = "https://issuer.example"
	audience     = "https://api.example"
	organization = "org_01HZX3T9K4"
	keyID        = "2026-11"
)

var scopes = []string{
	"projects:read", "projects:write", "translations:read", "translations:publish", "glossary:read", "glossary:write", "members:read", "webhooks:manage",
}

// signer signs the tokens of one algorithm.
type signer struct {
	algorithm string
	private   any
	public    any
}

func newSigner(algorithm string) signer {
	s := signer{algorithm: algorithm}
	switch algorithm {
	case "RS256":
		key := must(rsa.GenerateKey(rand.Reader, 2048))
		s.private, s.public = key, key.Public()
	case "ES256":
		key := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
		s.private, s.public = key, key.Public()
	case "EdDSA":
		public, private, err := ed25519.GenerateKey(rand.Reader)
		s.private, s.public = private, crypto.PublicKey(must(public, err))
	case "HS256":
		secret := []byte(rand.Text() + rand.Text())
		s.private, s.public = secret, secret
	}
	return s
}

// claims returns 11 claims. One of them differs from token to token.
func claims(n int, expires time.Time) jwt.MapClaims {
	return jwt.MapClaims{
		"iss": issuerURL, "aud": audience, "sub": "user_01HZX3T9K4QWERTY", "client_id": "app_01HZX3T9K4QWERTY",
		"iat": time.Now().Unix(), "exp": expires.Unix(), "jti": fmt.Sprintf("01HZX3T9K4-%08d", n), "type": "installation",
		"installationId": fmt.Sprintf("inst_01HZX3T9K4-%06d", n), "organizationId": organization, "scope": strings.Join(scopes, " "),
	}
}

func (s signer) sign(c jwt.MapClaims) string {
	token := jwt.NewWithClaims(jwt.GetSigningMethod(s.algorithm), c)
	token.Header["kid"] = keyID
	return must(token.SignedString(s.private))
}

func (s signer) token(n int) string { return s.sign(claims(n, time.Now().Add(24*time.Hour))) }

func (s signer) expired() string { return s.sign(claims(0, time.Now().Add(-time.Hour))) }

// tampered returns a token whose claims were changed after it was signed.
func (s signer) tampered() string {
	parts := strings.Split(s.token(0), ".")
	parts[1] = strings.Split(s.token(1), ".")[1]
	return strings.Join(parts, ".")
}

func (s signer) tokens(n int) []string {
	tokens := make([]string, n)
	for i := range tokens {
		tokens[i] = s.token(i)
	}
	return tokens
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}
