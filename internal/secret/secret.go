// Package secret makes secrets that cannot be guessed.
package secret

import (
	"crypto/rand"
	"encoding/base64"
)

// Size is the number of random bytes of a secret.
const Size = 32

// New returns 32 random bytes in base64url without padding.
func New() string {
	var secret [Size]byte
	rand.Read(secret[:])
	return base64.RawURLEncoding.EncodeToString(secret[:])
}

// Valid reports whether New can return s.
func Valid(s string) bool {
	decoded, err := base64.RawURLEncoding.Strict().DecodeString(s)
	return err == nil && len(decoded) == Size && len(s) == base64.RawURLEncoding.EncodedLen(Size)
}
