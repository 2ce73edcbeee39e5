package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"time"
)

// cheapestKey is the kind of key that the others are compared with.
const cheapestKey = "RS256, 2048 bits"

// forgeries measures what a forged token costs, by the kind of key.
func forgeries() []measurement {
	var ms []measurement
	for _, k := range []struct {
		name, algorithm string
		public          any
		signature       int // its length in bytes
	}{
		{cheapestKey, "RS256", modulus(2048), 256},
		{"RS256, 4096 bits", "RS256", modulus(4096), 512},
		{"RS256, 8192 bits", "RS256", modulus(8192), 1024},
		{"PS256, 2048 bits", "PS256", modulus(2048), 256},
		{"ES256", "ES256", curve(elliptic.P256()), 64},
		{"ES384", "ES384", curve(elliptic.P384()), 96},
		{"ES512", "ES512", curve(elliptic.P521()), 132},
		{"EdDSA", "EdDSA", newSigner("EdDSA").public, 64},
	} {
		h := token(signer{algorithm: k.algorithm, public: k.public}, 8)
		ms = append(ms, measurement{"work=forged/stack=" + k.name, requests(h, http.StatusUnauthorized, forged(k.algorithm, k.signature))})
	}
	return ms
}

func printForgeries(w io.Writer, r *results) {
	printLists(w, r, base{"by " + cheapestKey, cheapestKey})
}

// modulus returns a key whose factors nobody knows. A key of 8192 bits would take
// minutes to generate, and nothing is signed by it.
func modulus(bits int) *rsa.PublicKey {
	n := new(big.Int).SetBytes(random(bits / 8))
	n.SetBit(n, bits-1, 1)
	n.SetBit(n, 0, 1)
	return &rsa.PublicKey{N: n, E: 65537}
}

func curve(c elliptic.Curve) *ecdsa.PublicKey {
	return &must(ecdsa.GenerateKey(c, rand.Reader)).PublicKey
}

func random(n int) []byte {
	b := make([]byte, n)
	rand.Read(b)
	return b
}

// forged returns a token with a random signature. The zero bytes make the integers in
// it small enough for the check to go on to its end.
func forged(algorithm string, length int) string {
	signature := random(length)
	signature[0], signature[length/2], signature[length-1] = 0, 0, 0
	header := fmt.Sprintf(`{"alg":%q,"kid":%q}`, algorithm, keyID)
	payload := must(json.Marshal(claims(0, time.Now().Add(time.Hour))))
	encode := base64.RawURLEncoding.EncodeToString
	return encode([]byte(header)) + "." + encode(payload) + "." + encode(signature)
}
