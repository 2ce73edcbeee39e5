package jose

import (
	"bytes"
	"crypto"
	"crypto/hmac"
	"hash"
	"sync"
)

// secretKey is a type of its own, so that no other bytes are ever used as a secret.
type secretKey struct {
	length int
	states map[crypto.Hash]*sync.Pool // of *macState
}

// macState is an HMAC that has hashed the secret, which costs as much as a short
// token.
type macState struct {
	hash.Hash
	sum []byte
}

func newSecretKey(secret []byte) *secretKey {
	secret = bytes.Clone(secret)
	k := &secretKey{length: len(secret), states: make(map[crypto.Hash]*sync.Pool)}
	for _, h := range []crypto.Hash{crypto.SHA256, crypto.SHA384, crypto.SHA512} {
		k.states[h] = &sync.Pool{New: func() any { return &macState{Hash: hmac.New(h.New, secret)} }}
	}
	return k
}

func (k *secretKey) verify(h crypto.Hash, signingInput, signature []byte) error {
	states := k.states[h]
	mac := states.Get().(*macState)
	defer states.Put(mac)
	mac.Reset()
	mac.Write(signingInput)
	if mac.sum = mac.Sum(mac.sum[:0]); !hmac.Equal(mac.sum, signature) {
		return ErrSignature
	}
	return nil
}
