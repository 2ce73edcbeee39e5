package jose_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"math/big"
	"slices"
	"testing"

	"github.com/bearergate/bearergate/jwtverifier/internal/jose"
)

var (
	fieldPrime  = new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 255), big.NewInt(19))
	edwardsD, _ = new(big.Int).SetString("37095705934669439343138083508754565189542113879843219016388785533085940283555", 10)
)

// encodedPoint returns the 32 bytes of y, which may be p or more, and a sign.
func encodedPoint(y *big.Int, negative bool) ed25519.PublicKey {
	b := y.FillBytes(make([]byte, 32))
	if negative {
		b[0] |= 0x80
	}
	slices.Reverse(b)
	return b
}

// takes reports whether the key can be used, as it is and as a JWK, which must
// be the same.
func takes(t *testing.T, key ed25519.PublicKey) bool {
	t.Helper()
	_, err := jose.PublicKey(key)
	_, _, jwkErr := jose.ParseKeys(fmt.Sprintf(`{"kty":"OKP","crv":"Ed25519","x":"%s"}`, encode(key)))
	if (err == nil) != (jwkErr == nil) {
		t.Errorf("%x: got %v, and %v for the JWK, want them alike", key, err, jwkErr)
	}
	return err == nil
}

// TestEd25519KeysOfSmallOrderAreRefused has the y of all eight points: of the
// orders 1, 2, 4, and 8 twice; each with both signs, and as y + p where that fits
// in 255 bits.
func TestEd25519KeysOfSmallOrderAreRefused(t *testing.T) {
	var ys []*big.Int
	for _, s := range []string{"0", "1", "7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffec",
		"05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826", "7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7"} {
		y, _ := new(big.Int).SetString(s, 16)
		ys = append(ys, y)
		if p := new(big.Int).Add(y, fieldPrime); p.BitLen() <= 255 {
			ys = append(ys, p)
		}
	}
	if len(ys) != 7 {
		t.Fatalf("got %d spellings of y, want 7", len(ys))
	}
	for _, y := range ys {
		for _, negative := range []bool{false, true} {
			if key := encodedPoint(y, negative); takes(t, key) {
				t.Errorf("%x: got it accepted, want it refused", key)
			}
		}
	}
}

// TestEd25519KeysOffTheCurveAreRefused compares with a square root, if there is
// one. About half of all y have none.
func TestEd25519KeysOffTheCurveAreRefused(t *testing.T) {
	const n = 1000
	off := 0
	for range n {
		y, err := rand.Int(rand.Reader, fieldPrime)
		if err != nil {
			t.Fatal(err)
		}
		onCurve := hasX(y)
		if !onCurve {
			off++
		}
		for _, negative := range []bool{false, true} {
			if key := encodedPoint(y, negative); takes(t, key) != onCurve {
				t.Errorf("%x: got accepted %v, want %v", key, !onCurve, onCurve)
			}
		}
	}
	if off < n*2/5 || off > n*3/5 {
		t.Errorf("got %d of %d off the curve, want about half", off, n)
	}
}

func hasX(y *big.Int) bool {
	yy := new(big.Int).Mul(y, y)
	above := new(big.Int).Sub(yy, big.NewInt(1))
	below := new(big.Int).Add(new(big.Int).Mul(edwardsD, yy), big.NewInt(1))
	xx := above.Mul(above, below.ModInverse(below, fieldPrime))
	return new(big.Int).ModSqrt(xx.Mod(xx, fieldPrime), fieldPrime) != nil
}

func TestEd25519KeysThatAreNotCanonicalAreRefused(t *testing.T) {
	for i := range int64(19) {
		y := new(big.Int).Add(fieldPrime, big.NewInt(i))
		for _, negative := range []bool{false, true} {
			if key := encodedPoint(y, negative); takes(t, key) {
				t.Errorf("p + %d: got it accepted, want it refused", i)
			}
		}
	}
}

func TestEd25519KeysThatWereGeneratedAreAccepted(t *testing.T) {
	for range 1000 {
		key, _, err := ed25519.GenerateKey(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		if !takes(t, key) {
			t.Errorf("%s: got it refused, want it accepted", hex.EncodeToString(key))
		}
	}
	base := slices.Repeat([]byte{0x66}, 32)
	base[0] = 0x58
	if !takes(t, base) {
		t.Error("the base point: got it refused, want it accepted")
	}
}
