package jwtverifier

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"

	"golang.org/x/sys/cpu"
)

// tokenHash is the hash of a whole token, by which it is found in the cache: the tag
// of AES-GMAC under a random key of the process, encrypted under another one. It is the
// SHA-256 if GMAC is slower on this processor, or not allowed.
//
// GMAC is a universal hash under a secret key. That is enough, because no hash ever
// leaves the process: none is logged, counted or sent. For the rights of another
// client's token, an attacker needs a text with the same hash, which depends on the
// keys and on all of that token, its signature too. A text with the hash of the
// attacker's own token has no other rights than that token. Two given tokens have the
// same hash with a probability of (length/16+1)/2^128.
//
// The nonce is always the same, so the tag is linear in the text. The hash is not, since
// the tag is encrypted: nothing follows about the key of the GMAC if somebody sees by the
// time which of their tokens share a bucket, which the bits of the hash choose.
type tokenHash [sha256.Size]byte

// hasher writes the hash of a token. A hasher of a shorter hash leaves the rest as
// it is, so that hash must be the zero value or one of the same hasher.
type hasher func(hash *tokenHash, token []byte)

// hashToken is one hasher for as long as the process runs.
var hashToken = newHasher(hasGMACInstructions())

func newHasher(fastGMAC bool) hasher {
	if fastGMAC {
		if hash, err := newGMAC(); err == nil {
			return hash
		}
	}
	return hashBySHA256
}

// hasGMACInstructions reports whether an amd64 or arm64 has instructions for AES and for
// multiplication without carry. Without them, GMAC takes six times as long as SHA-256
// with its own instructions. Other processors use SHA-256.
func hasGMACInstructions() bool {
	x86 := cpu.X86.HasAES && cpu.X86.HasPCLMULQDQ && cpu.X86.HasSSE41 && cpu.X86.HasSSSE3
	return x86 || cpu.ARM64.HasAES && cpu.ARM64.HasPMULL
}

// newGMAC returns GMAC under new keys. It fails under GODEBUG=fips140=only.
func newGMAC() (hasher, error) {
	inner, err := newAES()
	if err != nil {
		return nil, err
	}
	outer, err := newAES()
	if err != nil {
		return nil, err
	}
	gcm, err := cipher.NewGCM(inner)
	if err != nil {
		return nil, err
	}
	return hashByGMAC(gcm, outer), nil
}

func newAES() (cipher.Block, error) {
	key := make([]byte, 16)
	rand.Read(key)
	return aes.NewCipher(key)
}

// hashByGMAC authenticates the token without any text to encrypt, which is GMAC.
func hashByGMAC(gcm cipher.AEAD, outer cipher.Block) hasher {
	nonce := make([]byte, gcm.NonceSize())
	return func(hash *tokenHash, token []byte) {
		tag := gcm.Seal(hash[:0], nonce, nil, token)
		outer.Encrypt(tag, tag)
	}
}

func hashBySHA256(hash *tokenHash, token []byte) { *hash = sha256.Sum256(token) }
