package jose

import (
	"crypto"
	"slices"
)

// maxChecks is how many signature checks a token may cost.
const maxChecks = 4

// checks holds the keys that a token was checked with.
type checks struct {
	with [maxChecks]*Key
	n    int
}

// Verify returns nil if a key of the set signed the token with the algorithm that
// the token names. If the token names a key ("kid"), only that key is tried, or the
// keys without a name if no key has that name. If the token names none, all keys
// are tried.
//
// A token is checked with at most four keys. If more fit, it is checked with none,
// and the error is [ErrTooManyKeys]. After [ErrUnknownKey], a newer set may have
// the key. If the same token is verified with a newer set, keys that it was checked
// with are left out. If the new keys and those would be more than four, the error
// is [ErrKeysChanged].
func (s *KeySet) Verify(t *Signed) error {
	a := algorithms[t.Algorithm]
	if a == nil || a.symmetric != s.symmetric {
		return ErrAlgorithm
	}
	if k, ok := s.byID[t.KeyID]; ok {
		return t.check(k)
	}
	among := s.unnamed
	if t.KeyID == "" {
		among = s.all
	}
	switch {
	case t.areFew(among):
		return t.checkEach(among)
	case t.checks.n > 0:
		return ErrKeysChanged
	case t.KeyID != "":
		return ErrUnknownKey
	}
	return ErrTooManyKeys
}

// areFew reports whether few enough keys fit to check the token with all of them.
func (t *Signed) areFew(keys []*Key) bool {
	left := maxChecks - t.checks.n
	if len(keys) <= left {
		return true
	}
	for _, k := range keys {
		if t.fits(k) {
			left--
		}
	}
	return left >= 0
}

func (t *Signed) checkEach(keys []*Key) error {
	for _, k := range keys {
		if t.fits(k) && t.check(k) == nil {
			return nil
		}
	}
	return ErrUnknownKey
}

// fits reports whether the key may have signed the token, before the signature is
// checked.
func (t *Signed) fits(k *Key) bool {
	return k.algorithms[t.Algorithm] != nil && !t.excludes(k) && !t.checks.include(k)
}

func (t *Signed) excludes(k *Key) bool { return t.MaxRSABits > 0 && k.RSABits() > t.MaxRSABits }

func (t *Signed) check(k *Key) error {
	a := k.algorithms[t.Algorithm]
	switch {
	case a == nil:
		return ErrAlgorithm
	case t.excludes(k):
		return ErrTooLarge
	case t.checks.n == maxChecks:
		return ErrKeysChanged
	}
	t.checks.with[t.checks.n] = k
	t.checks.n++
	if a.verify(t.signingInput, t.signature, k.public) != nil {
		return ErrSignature
	}
	return nil
}

func (c *checks) include(k *Key) bool {
	return slices.ContainsFunc(c.with[:c.n], k.equal)
}

func (k *Key) equal(other *Key) bool {
	public, ok := k.public.(interface{ Equal(crypto.PublicKey) bool })
	return ok && public.Equal(other.public)
}
