package jwtverifier

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/bearergate/bearergate/jwtverifier/internal/jose"
)

// KeySource provides the keys of an issuer. [RemoteKeys], [DiscoverKeys],
// [StaticKeys] and [SharedSecret] return one; other packages cannot implement it.
// It is safe for concurrent use.
//
// A token whose "kid" names a key is checked with that key. If its "kid" names no
// key, it is checked with the keys without a "kid"; if it has no "kid", with all
// keys. Only keys that fit its algorithm are tried. If more than four fit, the
// token is refused: no token costs more than four signature checks.
type KeySource interface {
	// Ready returns nil if there are keys to verify with. If there are none, it
	// fetches them, and waits until they arrive, the fetch fails, or ctx ends. It
	// is for programs that want keys before their first request; calling it is
	// optional.
	Ready(ctx context.Context) error
	// Status returns the state of the keys without waiting. It is for readiness
	// probes and metrics.
	Status() KeyStatus
	// Close ends a fetch in progress and prevents further ones. Known keys go on
	// working until they are too old. It always returns nil.
	Close() error

	// verify returns the key set with which the token was verified. An error that
	// does not wrap ErrInvalidToken is not a fault of the token.
	verify(ctx context.Context, t *jose.Signed) (*jose.KeySet, error)
	// inForce reports whether tokens that were verified with set are still valid.
	inForce(set *jose.KeySet, now time.Time) bool
	// issuer returns the issuer, or "" if the source does not know it.
	issuer() string
	// reportTo makes the source report skipped and costly keys and failing fetches to
	// the reporter.
	reportTo(reporter)
}

// KeyStatus is the state of the keys of a [KeySource].
type KeyStatus struct {
	// Keys is the number of keys that tokens can be verified with now. If it is 0,
	// every token is answered 503.
	Keys int
	// FetchedAt is the time at which these keys were fetched. It is zero if they
	// were not fetched.
	FetchedAt time.Time
	// Failure is the error of the last fetch, or nil if it succeeded. Known keys go
	// on working after a failure.
	Failure error
	// Fetches is the number of fetches that ended, and FailedFetches the number of
	// those that failed. Both only grow, and are 0 if keys are not fetched.
	Fetches, FailedFetches uint64
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
	r.newlyUsable(nil, s.set)
}

// StaticKeys returns a source of public keys that do not change. Each of keys is an
// *rsa.PublicKey, an *ecdsa.PublicKey on P-256, P-384 or P-521, an
// ed25519.PublicKey, or a []byte or string with a JWK, a JWK Set (RFC 7517), or
// public keys and certificates in PEM. The key of every certificate is used,
// including certificates that issued another one. Nothing else in a certificate is
// checked.
//
// RSA keys must have 2048 to 8192 bits. Elliptic-curve keys must be points of their
// curve, and Ed25519 keys must not have a small order. Unusable entries of a JWK
// Set (other types and curves, other uses, private parts, a shared kid) are skipped
// and reported to [Config.Logger]. Any other unusable key is an error, and so is a
// set without a usable key.
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
// at least as long as the hash (RFC 7518 section 3.2): a secret of 32 bytes works
// only for HS256, and a shorter one is an error.
func SharedSecret(secret []byte) (KeySource, error) {
	key, err := jose.NewSecret(secret)
	if err != nil {
		return nil, fmt.Errorf("jwtverifier: the secret has %d bytes; HS256 needs 32, HS384 48, HS512 64", len(secret))
	}
	set, _, err := jose.NewKeySet([]jose.Key{key}, nil)
	return &staticKeys{set: set}, err
}
