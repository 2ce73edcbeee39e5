package jose

import (
	"crypto/ed25519"
	"errors"
	"math/big"
	"slices"
)

// The curve -x² + y² = 1 + dx²y² over the integers modulo p = 2²⁵⁵ - 19 (RFC 8032
// section 5.1). The check below is not in constant time: public keys are no
// secret.
var (
	one       = big.NewInt(1)
	curveP, _ = new(big.Int).SetString("7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffed", 16)
	curveD, _ = new(big.Int).SetString("52036cee2b6ffe738cc740797779e89800700a4d4141d8ab75eb4dca135978a3", 16)
)

// checkEd25519 refuses bytes that are no point of the curve or not its canonical
// encoding, and the eight points of small order. Anybody can make signatures for
// the latter that are good for one message in eight, or even for every message.
// crypto/ed25519 does not refuse them.
func checkEd25519(key ed25519.PublicKey) error {
	if len(key) != ed25519.PublicKeySize {
		return errors.New("an Ed25519 key of the wrong length")
	}
	p, ok := decompress(key)
	if !ok {
		return errors.New("an Ed25519 key that is no point of its curve")
	}
	for range 3 {
		p = p.doubled()
	}
	if p.isIdentity() {
		return errors.New("an Ed25519 key of small order")
	}
	return nil
}

// point is one of two points of the curve, (x, y) and (-x, y), which have the same
// order. No more than x² is needed to find it.
type point struct{ xx, y *big.Int }

// decompress reads an encoded point: y, and in the topmost bit the sign of x.
// With x = 0, which has no sign, a point is of small order.
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

// doubled returns p + p: its x is 2xy / (y² - x²), its y (y² + x²) / (2 + x² - y²).
// No point of the curve makes a denominator 0.
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
