package jwtverifier

import (
	"fmt"
	"slices"
	"strings"

	"github.com/bearergate/bearergate/internal/quote"
	"github.com/bearergate/bearergate/jwtverifier/internal/jose"
)

// keyLimits narrow the algorithms and keys that are accepted. The zero value leaves
// nothing out.
type keyLimits struct {
	algorithms []string
	maxRSABits int
}

func (l *keyLimits) equal(other *keyLimits) bool {
	return l.maxRSABits == other.maxRSABits && slices.Equal(l.algorithms, other.algorithms)
}

func (l *keyLimits) accepts(algorithm string) bool {
	return len(l.algorithms) == 0 || slices.Contains(l.algorithms, algorithm)
}

func (l *keyLimits) acceptsSome(keys []*jose.Key) bool {
	return slices.ContainsFunc(keys, func(k *jose.Key) bool { return l.excluded(k) == "" })
}

// excluded returns why no signature is checked with the key, or "" if some are.
func (l *keyLimits) excluded(k *jose.Key) string {
	switch {
	case len(l.algorithms) > 0 && !slices.ContainsFunc(l.algorithms, k.Fits):
		return "no algorithm of Config.Algorithms fits it"
	case l.maxRSABits > 0 && k.RSABits() > l.maxRSABits:
		return fmt.Sprintf("the RSA key has %d bits; Config.MaxRSABits accepts %d", k.RSABits(), l.maxRSABits)
	}
	return ""
}

func (l *keyLimits) wanted() (wanted string) {
	if len(l.algorithms) > 0 {
		wanted = ", with alg " + oneOf(l.algorithms)
	}
	if l.maxRSABits > 0 {
		wanted += fmt.Sprintf(", of at most %d bits if it is RSA", l.maxRSABits)
	}
	return wanted
}

func (c *Config) keyLimits() keyLimits {
	return keyLimits{algorithms: slices.Clone(c.Algorithms), maxRSABits: c.MaxRSABits}
}

func (c *Config) checkKeyLimits() (faults []error) {
	for _, a := range c.Algorithms {
		if supported := jose.Algorithms(); !slices.Contains(supported, a) {
			faults = append(faults, faultf("Algorithms has %s; supported are %s", quote.Text(a), strings.Join(supported, ", ")))
		}
	}
	if c.MaxRSABits != 0 && (c.MaxRSABits < jose.MinRSABits || c.MaxRSABits > jose.MaxRSABits) {
		faults = append(faults, faultf("MaxRSABits is %d; use %d to %d, or 0 for all of them", c.MaxRSABits, jose.MinRSABits, jose.MaxRSABits))
	}
	if len(faults) == 0 {
		faults = c.checkKeysAreAccepted()
	}
	return faults
}

// checkKeysAreAccepted finds limits with which no token is accepted, ever.
func (c *Config) checkKeysAreAccepted() []error {
	symmetric := slices.IndexFunc(c.Algorithms, jose.IsSymmetric)
	public := slices.IndexFunc(c.Algorithms, func(a string) bool { return !jose.IsSymmetric(a) })
	if symmetric >= 0 && public >= 0 {
		return []error{faultf("Algorithms has %s, for a secret, beside %s, for public keys; keep those of Config.Keys", c.Algorithms[symmetric], c.Algorithms[public])}
	}
	limits := c.keyLimits()
	switch keys := c.Keys.(type) {
	case *staticKeys:
		if !limits.acceptsSome(keys.set.Keys()) {
			return []error{faultf("Keys has no key that Algorithms and MaxRSABits accept")}
		}
	default:
		if symmetric >= 0 {
			return []error{faultf("Algorithms has %s, for a secret, and keys that are fetched are public", c.Algorithms[symmetric])}
		}
	}
	return nil
}
