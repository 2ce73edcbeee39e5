package differential_test

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"math/big"
	"net/url"
	"slices"
	"sync"
)

// findDefect returns why a key must not be used (S3c.16 to S3c.22), or "".
func (k webKey) findDefect() string {
	switch {
	case !k.valid || k.duplicate:
		return "malformed"
	case k.is("kty", "oct"), slices.ContainsFunc([]string{"d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"}, k.has):
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

func (o object) is(name, value string) bool {
	text, ok := o.text(name)
	return ok && text == value
}

func (k webKey) isNoString(name string) bool { return k.has(name) && !k.isString(name) }

func (k webKey) verifies() bool {
	operations, ok := k.texts("key_ops")
	return ok && !k.isString("key_ops") && slices.Contains(operations, "verify")
}

// weakness returns the fault of the numbers, or of the algorithm for them.
func (k webKey) weakness() string {
	switch public := k.public.(type) {
	case *rsa.PublicKey:
		if n := public.N.BitLen(); n < 2048 || n > 8192 || public.N.Bit(0) == 0 || public.E < 3 || public.E&1 == 0 {
			return "weak"
		}
	case ed25519.PublicKey:
		if !k.is("crv", "Ed25519") {
			return "another curve"
		}
		if !isPoint(public) || hasSmallOrder(public) {
			return "weak"
		}
	}
	if k.alg != "" && !slices.Contains(k.algorithms(), k.alg) {
		return "another algorithm"
	}
	return ""
}

// algorithms are those that fit a key.
func (k webKey) algorithms() []string {
	switch public := k.public.(type) {
	case *rsa.PublicKey:
		return []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"}
	case *ecdsa.PublicKey:
		return []string{ecAlgorithms[public.Curve]}
	case ed25519.PublicKey:
		return []string{"EdDSA"}
	}
	return nil
}

// isPoint reports whether y of -x² + y² = 1 + dx²y² has an x (RFC 8032 section
// 5.1.3).
func isPoint(public ed25519.PublicKey) bool {
	p := new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 255), big.NewInt(19))
	d := new(big.Int).Mul(big.NewInt(-121665), new(big.Int).ModInverse(big.NewInt(121666), p))
	encoded := slices.Clone(public)
	slices.Reverse(encoded)
	encoded[0] &= 0x7f
	y := new(big.Int).SetBytes(encoded)
	yy := new(big.Int).Mul(y, y)
	numerator := new(big.Int).Sub(yy, big.NewInt(1))
	denominator := d.Mul(d, yy).Add(d, big.NewInt(1))
	xx := numerator.Mul(numerator, denominator.ModInverse(denominator.Mod(denominator, p), p))
	return y.Cmp(p) < 0 && big.Jacobi(xx.Mod(xx, p), p) >= 0
}

var (
	smallOrders sync.Map // keys that were examined
	messages    = []byte("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")
)

// hasSmallOrder reports whether a signature that anybody can make is good for one
// of some messages, as it is for a key of small order.
func hasSmallOrder(public ed25519.PublicKey) bool {
	known, ok := smallOrders.Load(string(public))
	if !ok {
		known = slices.ContainsFunc(messages, func(m byte) bool { return ed25519.Verify(public, []byte{m}, weakSignature) })
		smallOrders.Store(string(public), known)
	}
	return known.(bool)
}

// mayBreakSet reports whether a library that reads every member of every entry may
// refuse the whole set because of this one.
func (k webKey) mayBreakSet() bool {
	return k.defect != "" || k.is("alg", "") || hasHugeNumber(k.object) || k.has("x5c") && !isChain(k.object, "x5c") || k.hasLooseNumber() ||
		k.hasUnreadableLink() || k.hasUnknownOperation()
}

// hasLooseNumber reports whether a number is not in the one way in which RFC 7518
// writes it.
func (k webKey) hasLooseNumber() bool {
	return slices.ContainsFunc([]string{"n", "e", "x", "y"}, func(name string) bool {
		text, ok := k.text(name)
		return ok && (isNotStrict(text) || k.is("kty", "EC") && len(decode(text)) != coordinate(k.public))
	})
}

// coordinate returns the length of x and y.
func coordinate(public any) int {
	k, ok := public.(*ecdsa.PublicKey)
	if !ok {
		return 0
	}
	return (k.Curve.Params().BitSize + 7) / 8
}

// hasUnknownOperation reports whether key_ops has another one than RFC 7517 section
// 4.3 has, or one twice.
func (k webKey) hasUnknownOperation() bool {
	operations, _ := k.texts("key_ops")
	known := []string{"sign", "verify", "encrypt", "decrypt", "wrapKey", "unwrapKey", "deriveKey", "deriveBits"}
	for i, o := range operations {
		if !slices.Contains(known, o) || slices.Contains(operations[:i], o) {
			return true
		}
	}
	return false
}

func (k webKey) hasUnreadableLink() bool {
	for name, size := range map[string]int{"x5t": sha1.Size, "x5t#S256": sha256.Size} {
		if text, ok := k.text(name); k.has(name) && (!ok || isNotStrict(text) || len(decode(text)) != size) {
			return true
		}
	}
	address, ok := k.text("x5u")
	_, err := url.Parse(address)
	return k.has("x5u") && (!ok || err != nil)
}
