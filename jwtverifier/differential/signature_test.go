package differential_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rsa"
	"encoding/base64"
	"math/big"
	"strings"
)

// publicKey reads a JWK, whatever is wrong with it.
func publicKey(key object) any {
	number := func(name string) []byte {
		text, _ := key.text(name)
		return decodeNumber(text)
	}
	kty, _ := key.text("kty")
	switch kty {
	case "RSA":
		e := new(big.Int).SetBytes(number("e"))
		if !e.IsInt64() || e.Int64() > 1<<31-1 || e.Int64() < 2 {
			return nil
		}
		return &rsa.PublicKey{N: new(big.Int).SetBytes(number("n")), E: int(e.Int64())}
	case "EC":
		crv, _ := key.text("crv")
		return point(crv, number("x"), number("y"))
	case "OKP":
		if x := number("x"); len(x) == ed25519.PublicKeySize {
			return ed25519.PublicKey(x)
		}
	case "oct":
		return number("k")
	}
	return nil
}

// decodeNumber reads either alphabet of base64, with padding or without, as
// providers write keys. It returns nil if the text mixes them.
func decodeNumber(text string) []byte {
	encoding := base64.URLEncoding
	if strings.ContainsAny(text, "+/") {
		encoding = base64.StdEncoding
	}
	if !strings.HasSuffix(text, "=") {
		encoding = encoding.WithPadding(base64.NoPadding)
	}
	number, err := encoding.DecodeString(text)
	if err != nil {
		return nil
	}
	return number
}

var curves = map[string]elliptic.Curve{"P-256": elliptic.P256(), "P-384": elliptic.P384(), "P-521": elliptic.P521()}

func point(crv string, x, y []byte) any {
	curve := curves[crv]
	if curve == nil {
		return nil
	}
	size := (curve.Params().BitSize + 7) / 8
	xn, yn := new(big.Int).SetBytes(x), new(big.Int).SetBytes(y)
	if xn.BitLen() > 8*size || yn.BitLen() > 8*size {
		return nil
	}
	uncompressed := append([]byte{4}, xn.FillBytes(make([]byte, size))...)
	k, err := ecdsa.ParseUncompressedPublicKey(curve, append(uncompressed, yn.FillBytes(make([]byte, size))...))
	if err != nil {
		return nil
	}
	return k
}

// signs reports whether a key made a signature with an algorithm. The salt of PSS
// may have any length.
func signs(key any, alg string, input, signature []byte) bool {
	if len(alg) < 2 {
		return false
	}
	h, ok := map[string]crypto.Hash{"256": crypto.SHA256, "384": crypto.SHA384, "512": crypto.SHA512}[alg[2:]]
	switch k := key.(type) {
	case *rsa.PublicKey:
		return ok && rsaSigns(k, alg, h, input, signature)
	case *ecdsa.PublicKey:
		return ok && alg == ecAlgorithms[k.Curve] && ecSigns(k, hashed(h, input), signature)
	case ed25519.PublicKey:
		return alg == "EdDSA" && ed25519.Verify(k, input, signature)
	case []byte:
		return ok && alg[:2] == "HS" && hmac.Equal(mac(h, k)(input), signature)
	}
	return false
}

var ecAlgorithms = map[elliptic.Curve]string{elliptic.P256(): "ES256", elliptic.P384(): "ES384", elliptic.P521(): "ES512"}

func ecSigns(k *ecdsa.PublicKey, hash, signature []byte) bool {
	size := (k.Curve.Params().BitSize + 7) / 8
	if len(signature) != 2*size {
		return false
	}
	return ecdsa.Verify(k, hash, new(big.Int).SetBytes(signature[:size]), new(big.Int).SetBytes(signature[size:]))
}

func rsaSigns(k *rsa.PublicKey, alg string, h crypto.Hash, input, signature []byte) bool {
	switch {
	case strings.HasPrefix(alg, "RS"):
		return rsa.VerifyPKCS1v15(k, h, hashed(h, input), signature) == nil
	case strings.HasPrefix(alg, "PS"):
		return pssSigns(k, h, input, signature, rsa.PSSSaltLengthAuto)
	}
	return false
}

func pssSigns(k *rsa.PublicKey, h crypto.Hash, input, signature []byte, salt int) bool {
	return rsa.VerifyPSS(k, h, hashed(h, input), signature, &rsa.PSSOptions{SaltLength: salt}) == nil
}
