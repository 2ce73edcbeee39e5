package jwtverifier

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/bearergate/bearergate/jwtverifier/internal/jose"
)

// KeySource gives the keys that an issuer's tokens are checked with. Those of
// this package are all there are: [RemoteKeys], [DiscoverKeys], [StaticKeys] and
// [SharedSecret]. It is safe for concurrent use.
//
// A token whose "kid" names no key is checked with the keys that have no name, a
// token without "kid" with all; in both cases with those alone that fit its
// algorithm. If more than four fit, the token is refused: no token costs more
// than four signature checks.
type KeySource interface {
	// Ready returns nil if there are keys to verify with. Where there are none,
	// it fetches them, and waits until they are there, the fetch failed, or ctx
	// ended. It is for programs that want to have keys before their first
	// request; none needs to.
	Ready(ctx context.Context) error
	// Status tells, without waiting, how the keys are: for readiness probes and
	// metrics.
	Status() KeyStatus
	// Close ends a fetch in progress and lets no other begin. Keys that are
	// there go on working until they are too old. It always returns nil.
	Close() error

	// verify returns the key set of which a key signed the token. An error
	// without ErrInvalidToken in its tree means that no answer could be had,
	// which is no fault of the token's.
	verify(ctx context.Context, t *jose.Signed) (*jose.KeySet, error)
	// inForce reports whether what set verified is still to be believed.
	inForce(set *jose.KeySet, now time.Time) bool
	// issuer is whose keys these are, empty where the source does not know.
	issuer() string
	// reportTo tells which keys are skipped, and whether keys can be fetched.
	reportTo(reporter)
}

// KeyStatus says how the keys of a [KeySource] are.
type KeyStatus struct {
	// Keys is how many keys tokens can be verified with now. With none, every
	// token is answered 503.
	Keys int
	// FetchedAt is when these keys were fetched, the zero time for keys that
	// were not.
	FetchedAt time.Time
	// Failure is why the last fetch failed, nil where it did not. Known keys go
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
// or with PEM: public keys and certificates. The key of each certificate is
// taken, also of those that issued another; what else they say is not looked at.
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
