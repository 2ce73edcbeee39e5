package jwtverifier

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/bearergate/bearergate/jwtverifier/internal/jose"
)

// KeySource gives the keys that an issuer's tokens are checked with. Those of
// this package are all there are: [StaticKeys] and [SharedSecret].
type KeySource interface {
	// keySet returns the keys in force. An error means that there are none
	// right now, which is no fault of a token.
	keySet(ctx context.Context) (*jose.KeySet, error)
	// skippedKeys returns why entries that the source was given are not used.
	skippedKeys() []error
}

type staticKeys struct {
	set     *jose.KeySet
	skipped []error
}

func (s *staticKeys) keySet(context.Context) (*jose.KeySet, error) { return s.set, nil }
func (s *staticKeys) skippedKeys() []error                         { return s.skipped }

// StaticKeys returns a source of public keys that do not change. Each of keys
// is an *rsa.PublicKey, an *ecdsa.PublicKey on P-256, P-384 or P-521, an
// ed25519.PublicKey, or a []byte or string with a JWK or a JWK Set (RFC 7517)
// or with PEM: public keys and certificates. The key of each certificate is
// taken, also of those that issued another; what else they say is not looked at.
//
// RSA keys have 2048 to 8192 bits. Entries of a JWK Set that cannot be used
// (other types and curves, other uses, private parts, a shared kid) are skipped
// and reported to [Config.Logger]. Any other key that cannot be used, and having
// none left, is an error.
func StaticKeys(keys ...any) (KeySource, error) {
	var usable []jose.Key
	var skipped, faults []error
	for i, key := range keys {
		parsed, unusable, err := parseKey(key)
		if err != nil {
			faults = append(faults, fmt.Errorf("jwtverifier: key %d: %w", i, err))
		}
		usable = append(usable, parsed...)
		skipped = append(skipped, unusable...)
	}
	if len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	set, skipped, err := jose.NewKeySet(usable, skipped)
	if err != nil {
		return nil, fmt.Errorf("jwtverifier: %w", err)
	}
	return &staticKeys{set, skipped}, nil
}

func parseKey(key any) (keys []jose.Key, skipped []error, err error) {
	switch k := key.(type) {
	case []byte:
		return jose.ParseKeys(k)
	case json.RawMessage:
		return jose.ParseKeys(k)
	case string:
		return jose.ParseKeys([]byte(k))
	}
	k, err := jose.PublicKey(key)
	return []jose.Key{k}, nil, err
}

// SharedSecret returns a source of one secret for HS256, HS384 and HS512. Who
// can verify with it can also issue: prefer keys. The secret must be as long as
// the hash (RFC 7518 section 3.2), so one of 32 bytes serves HS256 alone, and a
// shorter one is an error.
func SharedSecret(secret []byte) (KeySource, error) {
	key, err := jose.NewSecret(secret)
	if err != nil {
		return nil, fmt.Errorf("jwtverifier: a secret of %d bytes; HS256 needs 32, HS384 48, HS512 64", len(secret))
	}
	set, _, err := jose.NewKeySet([]jose.Key{key}, nil)
	return &staticKeys{set: set}, err
}
