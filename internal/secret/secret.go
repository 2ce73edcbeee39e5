// Package secret makes secrets that cannot be guessed.
package secret

import (
	"crypto/rand"
	"encoding/base64"
)

// Size is how many random bytes a secret has.
const Size = 32

// New returns 32 random bytes in the alphabet of base64url, without padding.
func New() string {
	var secret [Size]byte
	rand.Read(secret[:])
	return base64.RawURLEncoding.EncodeToString(secret[:])
}
