package jose

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"fmt"
)

// Key is a key that can check signatures.
type Key struct {
	id         string
	algorithms map[string]*algorithm
	public     any
}

// ID returns the id, or "" if the key has none.
func (k *Key) ID() string { return k.id }

// Fits reports whether the key checks signatures of the algorithm.
func (k *Key) Fits(algorithm string) bool { return k.algorithms[algorithm] != nil }

// RSABits returns the length of an RSA key, and 0 for any other.
func (k *Key) RSABits() int {
	if public, ok := k.public.(*rsa.PublicKey); ok {
		return public.N.BitLen()
	}
	return 0
}

// NewKey returns a key for all algorithms that fit it or, if alg is not empty, for
// only that one. public is an *rsa.PublicKey, *ecdsa.PublicKey or
// ed25519.PublicKey.
func NewKey(public any, id, alg string) (Key, error) {
	if err := checkStrength(public); err != nil {
		return Key{}, err
	}
	return newKey(public, id, alg)
}

// NewSecret returns a key for HMAC.
func NewSecret(secret []byte) (Key, error) {
	return newKey(newSecretKey(secret), "", "")
}

func newKey(public any, id, alg string) (Key, error) {
	k := Key{id: id, public: public, algorithms: make(map[string]*algorithm)}
	for name, a := range algorithms {
		if (alg == "" || alg == name) && a.fits(public) {
			k.algorithms[name] = a
		}
	}
	if len(k.algorithms) == 0 {
		return Key{}, fmt.Errorf("no allowed algorithm fits the key (%T, alg %q)", public, alg)
	}
	return k, nil
}

// The lengths of RSA keys that are accepted.
const (
	MinRSABits = 2048
	MaxRSABits = 8192
)

func checkStrength(public any) error {
	switch k := public.(type) {
	case *rsa.PublicKey:
		return checkRSA(k)
	case *ecdsa.PublicKey:
		return checkPoint(k)
	case ed25519.PublicKey:
		return checkEd25519(k)
	}
	return fmt.Errorf("a key of type %T is not accepted", public)
}

func checkRSA(k *rsa.PublicKey) error {
	switch {
	case k == nil || k.N == nil:
		return errors.New("the RSA key has no modulus")
	case k.N.BitLen() < MinRSABits || k.N.BitLen() > MaxRSABits:
		return fmt.Errorf("the RSA key has %d bits; %d to %d are accepted", k.N.BitLen(), MinRSABits, MaxRSABits)
	case k.N.Bit(0) == 0:
		return errors.New("the modulus of the RSA key is even")
	case k.E < 3 || k.E&1 == 0 || k.E > 1<<31-1:
		return errors.New("the exponent of the RSA key cannot be used")
	}
	return nil
}

func checkPoint(k *ecdsa.PublicKey) error {
	if k == nil || k.X == nil || k.Y == nil {
		return errors.New("the EC key has no point")
	}
	switch k.Curve {
	case elliptic.P256(), elliptic.P384(), elliptic.P521():
	default:
		return errors.New("the curve of the EC key is not accepted")
	}
	if _, err := k.ECDH(); err != nil {
		return errors.New("the point of the EC key is not on its curve")
	}
	return nil
}

// KeySet is a set of keys. It is immutable and safe for concurrent use.
type KeySet struct {
	all     []*Key
	byID    map[string]*Key
	unnamed []*Key
	// symmetric reports whether the keys are secrets. A set does not mix secrets
	// and public keys.
	symmetric bool
}

// NewKeySet returns the set of these keys. Keys that share an id are left out and
// added to skipped, since their id is ambiguous. If no key is left, the error
// includes skipped.
func NewKeySet(keys []Key, skipped []error) (*KeySet, []error, error) {
	count := make(map[string]int)
	for _, k := range keys {
		count[k.id]++
	}
	s := &KeySet{byID: make(map[string]*Key)}
	for _, k := range keys {
		switch {
		case k.id == "":
			s.unnamed = append(s.unnamed, &k)
		case count[k.id] > 1:
			skipped = append(skipped, fmt.Errorf("key %q: it shares its id with another key", k.id))
			continue
		default:
			s.byID[k.id] = &k
		}
		_, s.symmetric = k.public.(*secretKey)
		s.all = append(s.all, &k)
	}
	if len(s.all) == 0 {
		return nil, skipped, errors.Join(append([]error{errors.New("no usable key")}, skipped...)...)
	}
	return s, skipped, nil
}

// Len returns the number of keys.
func (s *KeySet) Len() int { return len(s.all) }

// Keys returns the keys. They are not to be changed.
func (s *KeySet) Keys() []*Key { return s.all }

// SPKI returns the SubjectPublicKeyInfo of the key (RFC 5280 section 4.1.2.7), which two
// equal keys have in common. It is empty for a secret.
func (k *Key) SPKI() string {
	spki, _ := x509.MarshalPKIXPublicKey(k.public)
	return string(spki)
}
