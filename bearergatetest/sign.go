package bearergatetest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"fmt"
)

// The algorithms that an [Issuer] signs with. The default is RS256.
const (
	RS256 = "RS256"
	PS256 = "PS256"
	ES256 = "ES256"
	EdDSA = "EdDSA"
)

func (k signingKeys) sign(m *mint, input []byte) []byte {
	if m.secret != nil {
		return signHMAC(m, input)
	}
	sum := sha256.Sum256(input)
	switch m.algorithm {
	case RS256:
		return must(rsa.SignPKCS1v15(rand.Reader, k.rsa, crypto.SHA256, sum[:]))
	case PS256:
		return must(rsa.SignPSS(rand.Reader, k.rsa, crypto.SHA256, sum[:], &rsa.PSSOptions{SaltLength: m.pssSalt}))
	case ES256:
		r, s, err := ecdsa.Sign(rand.Reader, k.ecdsa, sum[:])
		must(r, err)
		signature := make([]byte, 64)
		r.FillBytes(signature[:32])
		s.FillBytes(signature[32:])
		return signature
	case EdDSA:
		return ed25519.Sign(k.ed25519, input)
	case "none":
		return nil
	}
	panic(fmt.Sprintf("bearergatetest: no key for the algorithm %q; use RS256, PS256, ES256 or EdDSA, or SignedWithSecret", m.algorithm))
}

func signHMAC(m *mint, input []byte) []byte {
	hash := sha256.New
	switch m.algorithm {
	case "HS384":
		hash = sha512.New384
	case "HS512":
		hash = sha512.New
	}
	h := hmac.New(hash, m.secret)
	h.Write(input)
	return h.Sum(nil)
}
