package redisstore

import (
	"crypto/cipher"
	"crypto/rand"
	"errors"
	"slices"
)

// keys seal connections with the first one, and open them with any.
type keys []cipher.AEAD

func newKeys(key cipher.AEAD, former []cipher.AEAD) keys {
	all := slices.Concat(keys{key}, former)
	if slices.Contains(all, nil) {
		panic("redisstore: Connections needs a cipher.AEAD for each key, such as cipher.NewGCMWithRandomNonce returns")
	}
	return all
}

// sealedFor is the additional data: a sealed connection can be opened only under the
// id that it was saved for.
func sealedFor(id string) []byte { return []byte("bearergate connection " + id) }

// seal returns the nonce and the encrypted record.
func (k keys) seal(id, record string) []byte {
	nonce := make([]byte, k[0].NonceSize())
	rand.Read(nonce)
	return k[0].Seal(nonce, nonce, []byte(record), sealedFor(id))
}

var errSealed = errors.New("no key opens it")

func (k keys) open(id, sealed string) (string, error) {
	for _, key := range k {
		size := key.NonceSize()
		if len(sealed) < size {
			continue
		}
		if record, err := key.Open(nil, []byte(sealed[:size]), []byte(sealed[size:]), sealedFor(id)); err == nil {
			return string(record), nil
		}
	}
	return "", errSealed
}
