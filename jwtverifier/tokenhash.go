package jwtverifier

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"

	"golang.org/x/sys/cpu"
)

// tokenHash is the hash of a whole token, by which it is found in the cache: the tag
// of AES-GMAC under a random key of the process. It is the SHA-256 if GMAC is slower
// on this processor, or not allowed.
//
// GMAC is a universal hash under a secret key. That is enough, because no hash ever
// leaves the process: none is logged, counted or sent. For the rights of another
// client's token, an attacker needs a text with the same hash, which depends on the
// key and on all of that token. A text with the hash of the attacker's own token has
// no other rights than that token. Two given tokens have the same hash with a
// probability of (length/16+1)/2^128. The nonce is always the same, so the hash is
// linear in the text; it is under a secret key all the same, and nobody sees a hash.
type tokenHash [sha256.Size]byte

// hasher writes the hash of a token. A hasher of a shorter hash leaves the rest as
// it is, so that hash must be the zero value or one of the same hasher.
type hasher func(hash *tokenHash, token []byte)

// hashToken is one hasher for as long as the process runs.
var hashToken = newHasher(hasGMACInstructions())

func newHasher(fastGMAC bool) hasher {
	if fastGMAC {
		if gcm, err := newGCM(); err == nil {
			return hashByGMAC(gcm)
		}
	}
	return hashBySHA256
}

// hasGMACInstructions reports whether crypto/cipher uses instructions for AES and for
// multiplication without carry. Without them, GMAC takes six times as long as SHA-256
// with its own instructions.
func hasGMACInstructions() bool {
	x86 := cpu.X86.HasAES && cpu.X86.HasPCLMULQDQ && cpu.X86.HasSSE41 && cpu.X86.HasSSSE3
	return x86 || cpu.ARM64.HasAES && cpu.ARM64.HasPMULL
}

// newGCM returns AES-GCM under a new key. It fails under GODEBUG=fips140=only.
func newGCM() (cipher.AEAD, error) {
	key := make([]byte, 16)
	rand.Read(key)
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

func hashBySHA256(hash *tokenHash, token []byte) { *hash = sha256.Sum256(token) }

// hashByGMAC encrypts nothing and authenticates the token, which is GMAC.
func hashByGMAC(gcm cipher.AEAD) hasher {
	nonce := make([]byte, gcm.NonceSize())
	return func(hash *tokenHash, token []byte) { gcm.Seal(hash[:0], nonce, nil, token) }
}
