package jwtverifier

import (
	"fmt"

	"github.com/bearergate/bearergate/internal/quote"
	"github.com/bearergate/bearergate/jwtverifier/internal/jose"
)

// maxUnreportedCost is that of RSA with 4096 bits, the longest in common use.
const maxUnreportedCost = 10

// costly returns what an operator has to know of a key with which it is costly to refuse
// a forged token, or "" for any other.
func costly(k *jose.Key) string {
	if k.Cost() <= maxUnreportedCost {
		return ""
	}
	setting := "Config.Algorithms"
	if k.RSABits() > 0 {
		setting = "Config.MaxRSABits"
	}
	return fmt.Sprintf("%s is %v: to check a signature, forged ones too, takes about %d times as long as with RSA of 2048 bits; if the issuer does not sign with it, exclude it by %s",
		keyName(k), k, k.Cost(), setting)
}

func keyName(k *jose.Key) string {
	if k.ID() == "" {
		return "a key without kid"
	}
	return "key " + quote.Text(k.ID())
}
