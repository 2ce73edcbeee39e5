package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"fmt"
	"math/big"

	"github.com/golang-jwt/jwt/v5"
)

// signingKey is a key of the issuer.
type signingKey struct {
	id, algorithm string
	private       crypto.Signer
	jwk           map[string]string
}

func newSigningKey(id, algorithm string) (*signingKey, error) {
	var private crypto.Signer
	var err error
	switch algorithm {
	case "RS256":
		private, err = rsa.GenerateKey(rand.Reader, 2048)
	case "ES256":
		private, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	default:
		_, private, err = ed25519.GenerateKey(rand.Reader)
	}
	if err != nil {
		return nil, fmt.Errorf("a key for %s: %w", algorithm, err)
	}
	jwk, err := jwkOf(private.Public())
	if err != nil {
		return nil, err
	}
	jwk["kid"], jwk["alg"], jwk["use"] = id, algorithm, "sig"
	return &signingKey{id, algorithm, private, jwk}, nil
}

func jwkOf(public crypto.PublicKey) (map[string]string, error) {
	text := base64.RawURLEncoding.EncodeToString
	switch k := public.(type) {
	case *rsa.PublicKey:
		return map[string]string{"kty": "RSA", "n": text(k.N.Bytes()), "e": text(big.NewInt(int64(k.E)).Bytes())}, nil
	case *ecdsa.PublicKey:
		point, err := k.Bytes() // 4, x, y
		if err != nil {
			return nil, fmt.Errorf("a point of P-256: %w", err)
		}
		return map[string]string{"kty": "EC", "crv": "P-256", "x": text(point[1:33]), "y": text(point[33:])}, nil
	case ed25519.PublicKey:
		return map[string]string{"kty": "OKP", "crv": "Ed25519", "x": text(k)}, nil
	}
	return nil, fmt.Errorf("no JWK for %T", public)
}

// sign returns a token with these claims, in the name of a key, which may be another.
func (k *signingKey) sign(claims jwt.MapClaims, id string) string {
	token := jwt.NewWithClaims(jwt.GetSigningMethod(k.algorithm), claims)
	token.Header["kid"] = id
	text, err := token.SignedString(k.private)
	if err != nil {
		panic(fmt.Sprintf("soak: %v", err)) // the key fits the algorithm
	}
	return text
}
