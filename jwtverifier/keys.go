package jwtverifier

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/bearergate/bearergate/jwtverifier/internal/jose"
)

// KeySource provides the keys of an issuer. It is implemented in this package
// alone: by [RemoteKeys], [DiscoverKeys], [StaticKeys] and [SharedSecret]. It is
// safe for concurrent use.
//
// A token whose "kid" names no key is checked with the keys that have no name, a
// token without "kid" with all; in both cases with those alone that fit its
// algorithm. If more than four fit, the token is refused: no token costs more
// than four signature checks.
type KeySource interface {
	// Ready returns nil if there are keys to verify with. If there are none, it
	// fetches them, and waits until they arrived, the fetch failed, or ctx ended.
	// It is for programs that want keys before their first request. No program
	// needs to call it.
	Ready(ctx context.Context) error
	// Status returns the state of the keys without waiting: for readiness probes
	// and metrics.
	Status() KeyStatus
	// Close ends a fetch in progress and lets no other begin. Known keys go on
	// working until they are too old. It always returns nil.
	Close() error

	// verify returns the key set that has the token's key. An error without
	// ErrInvalidToken in its tree is no fault of the token.
	verify(ctx context.Context, t *jose.Signed) (*jose.KeySet, error)
	// inForce reports whether tokens that set verified are still good.
	inForce(set *jose.KeySet, now time.Time) bool
	// issuer returns the issuer, or "" if the source does not know it.
	issuer() string
	// reportTo makes the source report skipped keys and failing fetches.
	reportTo(reporter)
}

// KeyStatus is the state of the keys of a [KeySource].
type KeyStatus struct {
	// Keys is the number of keys that tokens can be verified with now. If it is 0,
	// every token is answered 503.
	Keys int
	// FetchedAt is when these keys were fetched. It is the zero time if they were
	// not fetched.
	FetchedAt time.Time
	// Failure is the error of the last fetch, nil if it succeeded. Known keys go
	// on working.
	Failure error
}

type staticKeys struct {
	set     *jose.KeySet
	skipped []error
}

func (s *staticKeys) Ready(context.Context) error                { return nil }
func (s *staticKeys) Status() KeyStatus                          { return KeyStatus{Keys: s.set.Len()} }
func (s *staticKeys) Close() error                               { return nil }
func (s *staticKeys) issuer() string                             { return "" }
func (s *staticKeys) inForce(set *jose.KeySet, _ time.Time) bool { return set == s.set }

func (s *staticKeys) verify(_ context.Context, t *jose.Signed) (*jose.KeySet, error) {
	if err := s.set.Verify(t); err != nil {
		return nil, invalid(err)
	}
	return s.set, nil
}

func (s *staticKeys) reportTo(r reporter) {
	for _, reason := range s.skipped {
		r.skipped(reason.Error())
	}
}

// StaticKeys returns a source of public keys that do not change. Each of keys
// is an *rsa.PublicKey, an *ecdsa.PublicKey on P-256, P-384 or P-521, an
// ed25519.PublicKey, or a []byte or string with a JWK or a JWK Set (RFC 7517)
// or with PEM: public keys and certificates. The key of each certificate is used,
// also of those that issued another; nothing else in a certificate is checked.
//
// RSA keys have 2048 to 8192 bits. Elliptic-curve keys are points of their curve,
// Ed25519 keys also none of small order. Entries of a JWK Set that cannot be used
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
		return jose.ParseKeys(string(k))
	case json.RawMessage:
		return jose.ParseKeys(string(k))
	case string:
		return jose.ParseKeys(k)
	}
	k, err := jose.PublicKey(key)
	return []jose.Key{k}, nil, err
}

// SharedSecret returns a source of one secret for HS256, HS384 and HS512. Prefer
// keys: whoever can verify with a secret can also issue tokens. The secret must be
// as long as the hash (RFC 7518 section 3.2): one of 32 bytes works for HS256
// alone, and a shorter one is an error.
func SharedSecret(secret []byte) (KeySource, error) {
	key, err := jose.NewSecret(secret)
	if err != nil {
		return nil, fmt.Errorf("jwtverifier: a secret of %d bytes; HS256 needs 32, HS384 48, HS512 64", len(secret))
	}
	set, _, err := jose.NewKeySet([]jose.Key{key}, nil)
	return &staticKeys{set: set}, err
}
