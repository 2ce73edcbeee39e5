package differential_test

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"slices"
)

// findDefect returns why a key must not be used (S3c.16 to S3c.22), or "".
func (k webKey) findDefect() string {
	switch {
	case !k.valid || k.duplicate:
		return "malformed"
	case slices.ContainsFunc([]string{"d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"}, k.has):
		return "private or symmetric"
	case k.has("use") && !k.is("use", "sig"), k.has("key_ops") && !k.verifies():
		return "another use"
	case slices.ContainsFunc([]string{"kid", "alg", "kty", "crv", "n", "e", "x", "y"}, k.isNoString):
		return "malformed"
	case k.public == nil:
		return "cannot be read"
	}
	return k.weakness()
}

func (k webKey) is(name, value string) bool {
	text, ok := k.text(name)
	return ok && text == value
}

func (k webKey) isNoString(name string) bool { return k.has(name) && !k.isString(name) }

func (k webKey) verifies() bool {
	operations, ok := k.texts("key_ops")
	return ok && !k.isString("key_ops") && slices.Contains(operations, "verify")
}

// weakness returns what is wrong with the numbers, or with the algorithm for them.
func (k webKey) weakness() string {
	var algorithms []string
	switch public := k.public.(type) {
	case *rsa.PublicKey:
		if n := public.N.BitLen(); n < 2048 || n > 8192 || public.N.Bit(0) == 0 || public.E < 3 || public.E&1 == 0 {
			return "weak"
		}
		algorithms = []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"}
	case *ecdsa.PublicKey:
		algorithms = []string{ecAlgorithms[public.Curve]}
	case ed25519.PublicKey:
		if !k.is("crv", "Ed25519") {
			return "another curve"
		}
		if hasSmallOrder(public) {
			return "weak"
		}
		algorithms = []string{"EdDSA"}
	}
	if k.alg != "" && !slices.Contains(algorithms, k.alg) {
		return "another algorithm"
	}
	return ""
}

// hasSmallOrder reports whether a signature that anybody can make is good for one
// of some messages, as it is for a key of small order.
func hasSmallOrder(public ed25519.PublicKey) bool {
	for i := range 64 {
		if ed25519.Verify(public, []byte{byte(i)}, weakSignature) {
			return true
		}
	}
	return false
}
