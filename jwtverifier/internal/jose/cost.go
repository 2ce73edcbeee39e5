package jose

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"fmt"
	"math"
)

// Cost returns about how many times as long a check with the key takes as one with RSA
// of 2048 bits. It is rough: Ed25519 and P-256 take twice as long, and count as 1.
func (k *Key) Cost() int {
	switch public := k.public.(type) {
	case *rsa.PublicKey:
		return costOfRSA(public.N.BitLen(), public.E)
	case *ecdsa.PublicKey:
		return costOnCurve[public.Curve]
	}
	return 1
}

var costOnCurve = map[elliptic.Curve]int{elliptic.P256(): 1, elliptic.P384(): 20, elliptic.P521(): 95}

// costOfRSA grows with the square of the length, and leaps behind 2048 bits: up to there
// the standard library has assembly. The largest exponent takes 2.5 times as long as the
// usual one, 65537.
func costOfRSA(bits, exponent int) int {
	const at4096, largestExponent = 10, 2.5
	cost := 1.0
	if bits > MinRSABits {
		cost = math.Ceil(at4096 * math.Pow(float64(bits)/4096, 2))
	}
	if exponent > 1<<16+1 {
		cost *= largestExponent
	}
	return int(cost)
}

// String says of what kind the key is.
func (k *Key) String() string {
	switch public := k.public.(type) {
	case *rsa.PublicKey:
		return fmt.Sprintf("RSA of %d bits", public.N.BitLen())
	case *ecdsa.PublicKey:
		return "EC on " + public.Curve.Params().Name
	}
	return fmt.Sprintf("%T", k.public)
}
