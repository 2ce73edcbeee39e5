package jose

import (
	"crypto/ed25519"
	"errors"
	"math/big"
	"slices"
)

// The curve -x² + y² = 1 + dx²y² over the integers modulo p = 2²⁵⁵ - 19 (RFC 8032
// section 5.1). The check below is not in constant time, since public keys are not
// secret.
var (
	one       = big.NewInt(1)
	curveP, _ = new(big.Int).SetString("7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffed", 16)
	curveD, _ = new(big.Int).SetString("52036cee2b6ffe738cc740797779e89800700a4d4141d8ab75eb4dca135978a3", 16)
)

// checkEd25519 rejects bytes that are not the canonical encoding of a point of the
// curve, and the eight points of small order. For such a point, anybody can make
// signatures that are valid for one message in eight, or even for every message.
// crypto/ed25519 does not reject them.
func checkEd25519(key ed25519.PublicKey) error {
	if len(key) != ed25519.PublicKeySize {
		return errors.New("the Ed25519 key has the wrong length")
	}
	p, ok := decompress(key)
	if !ok {
		return errors.New("the Ed25519 key is not a point of its curve")
	}
	for range 3 {
		p = p.doubled()
	}
	if p.isIdentity() {
		return errors.New("the Ed25519 key has a small order")
	}
	return nil
}

// point stands for two points of the curve, (x, y) and (-x, y), which have the same
// order. x² suffices to find the order.
type point struct{ xx, y *big.Int }

// decompress decodes a point: y, and the sign of x in the topmost bit. If x = 0,
// there is no sign, and the point has a small order.
func decompress(key []byte) (p point, ok bool) {
	bytes := slices.Clone(key)
	slices.Reverse(bytes)
	bytes[0] &= 0x7f
	y := new(big.Int).SetBytes(bytes)
	if y.Cmp(curveP) >= 0 {
		return p, false
	}
	yy := mod(new(big.Int).Mul(y, y))
	dyy := mod(new(big.Int).Mul(curveD, yy))
	p = point{quotient(new(big.Int).Sub(yy, one), dyy.Add(dyy, one)), y}
	return p, big.Jacobi(p.xx, curveP) >= 0
}

// doubled returns p + p: its x is 2xy / (y² - x²), and its y is (y² + x²) / (2 + x²
// - y²). The denominators are not 0 for any point of the curve.
func (p point) doubled() point {
	yy := new(big.Int).Mul(p.y, p.y)
	xxyy := new(big.Int).Mul(p.xx, yy)
	difference := new(big.Int).Sub(yy, p.xx)
	return point{
		xx: quotient(xxyy.Lsh(xxyy, 2), new(big.Int).Mul(difference, difference)),
		y:  quotient(yy.Add(yy, p.xx), difference.Sub(big.NewInt(2), difference)),
	}
}

func (p point) isIdentity() bool { return p.xx.Sign() == 0 && p.y.Cmp(one) == 0 }

func mod(n *big.Int) *big.Int { return n.Mod(n, curveP) }

func quotient(n, by *big.Int) *big.Int {
	return mod(new(big.Int).Mul(n, new(big.Int).ModInverse(mod(by), curveP)))
}
