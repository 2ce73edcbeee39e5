package jose_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/bearergate/bearergate/jwtverifier/internal/jose"
)

const most = 4

// ecSigners returns signers for ES256 with different keys.
func ecSigners(t *testing.T, n int) (signers []signer) {
	t.Helper()
	for range n {
		k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		signers = append(signers, signer{"ES256", crypto.SHA256, k, nil})
	}
	return signers
}

// others returns keys that no token for ES256 is checked with.
func others(t *testing.T, n int) (keys []jose.Key) {
	t.Helper()
	for i := range n {
		ed, _, err := ed25519.GenerateKey(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		for _, public := range []any{ed, &p384.PublicKey} {
			id := ""
			if i%2 == 0 {
				id = fmt.Sprintf("other-%d-%T", i, public)
			}
			key, err := jose.NewKey(public, id, "")
			if err != nil {
				t.Fatal(err)
			}
			keys = append(keys, key)
		}
	}
	return keys
}

func setOf(t *testing.T, keys ...jose.Key) *jose.KeySet {
	t.Helper()
	set, _, err := jose.NewKeySet(keys, nil)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func (s signer) named(t *testing.T, id string) jose.Key {
	t.Helper()
	key, err := jose.NewKey(s.key.Public(), id, "")
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// token returns a token that names the key id, or none.
func (s signer) token(t *testing.T, id string) jose.Signed {
	t.Helper()
	header := `{"alg":"` + s.alg + `"}`
	if id != "" {
		header = `{"alg":"` + s.alg + `","kid":"` + id + `"}`
	}
	input := encode([]byte(header)) + "." + encode([]byte("{}"))
	signed, err := parse(input + "." + encode(s.sign(t, input)))
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

// TestTokenCostsAtMostFourSignatureChecks goes through sets of 1 to 100 keys that
// fit, which all have names, or none, or every other one, beside others that do
// not fit. The last key signs.
func TestTokenCostsAtMostFourSignatureChecks(t *testing.T) {
	const largest = 100
	signers, beside := ecSigners(t, largest), others(t, 10)
	stranger, checks := ecSigners(t, 1)[0], jose.CountChecks(t)
	for _, named := range []struct {
		name string
		is   func(i int) bool
	}{
		{"all named", func(int) bool { return true }},
		{"none named", func(int) bool { return false }},
		{"every other named", func(i int) bool { return i%2 == 0 }},
	} {
		for n := 1; n <= largest; n++ {
			keys, unnamed := slices.Clone(beside), 0
			for i, s := range signers[:n] {
				id := ""
				if named.is(i) {
					id = fmt.Sprint("key-", i)
				} else {
					unnamed++
				}
				keys = append(keys, s.named(t, id))
			}
			set, last := setOf(t, keys...), signers[n-1]
			for _, c := range []struct {
				name    string
				token   jose.Signed
				fit     int
				want    error // if few fit
				tooMany error
			}{
				{"no kid", last.token(t, ""), n, nil, jose.ErrTooManyKeys},
				{"no kid, a forgery", stranger.token(t, ""), n, jose.ErrUnknownKey, jose.ErrTooManyKeys},
				{"unknown kid", last.token(t, "unknown"), unnamed, unlessNamed(named.is(n - 1)), jose.ErrUnknownKey},
				{"unknown kid, a forgery", stranger.token(t, "unknown"), unnamed, jose.ErrUnknownKey, jose.ErrUnknownKey},
			} {
				want, mostChecks := c.want, c.fit
				if c.fit > most {
					want, mostChecks = c.tooMany, 0
				}
				*checks = 0
				if err := set.Verify(&c.token); !errors.Is(err, want) {
					t.Errorf("%d keys, %s, %s: got %v, want %v", n, named.name, c.name, err, want)
				}
				if *checks > mostChecks {
					t.Errorf("%d keys, %s, %s: got %d signature checks, want at most %d", n, named.name, c.name, *checks, mostChecks)
				}
			}
		}
	}
}

// unlessNamed is what a token that names another key gets from its signer's.
func unlessNamed(named bool) error {
	if named {
		return jose.ErrUnknownKey
	}
	return nil
}

func TestTokenThatNamesItsKeyCostsOneSignatureCheck(t *testing.T) {
	signers := ecSigners(t, 10)
	var keys []jose.Key
	for i, s := range signers {
		keys = append(keys, s.named(t, fmt.Sprint("key-", i)))
	}
	set, checks := setOf(t, keys...), jose.CountChecks(t)
	for _, s := range []signer{signers[7], signers[8]} {
		*checks = 0
		token := s.token(t, "key-7")
		if err := set.Verify(&token); (err == nil) != (s.key == signers[7].key) {
			t.Errorf("got %v, want the signature of key-7 to be good alone", err)
		}
		if *checks != 1 {
			t.Errorf("got %d signature checks, want 1", *checks)
		}
	}
}

// TestTokenCostsAtMostFourSignatureChecksWhileKeysChange verifies a token with one
// set and, since that does not know its key, with a newer one.
func TestTokenCostsAtMostFourSignatureChecksWhileKeysChange(t *testing.T) {
	s, checks := ecSigners(t, 9), jose.CountChecks(t)
	set := func(id string, signers ...signer) *jose.KeySet {
		var keys []jose.Key
		for _, s := range signers {
			keys = append(keys, s.named(t, ""))
		}
		if id != "" {
			keys = append(keys, s[8].named(t, id))
		}
		return setOf(t, keys...)
	}
	for _, c := range []struct {
		name          string
		token         jose.Signed
		before, after *jose.KeySet
		want          error
		checks        int
	}{
		{"one replaced", s[1].token(t, ""), set("", s[0]), set("", s[1]), nil, 2},
		{"one added", s[3].token(t, ""), set("", s[:3]...), set("", s[:4]...), nil, 4},
		{"one added, a forgery", s[7].token(t, ""), set("", s[:3]...), set("", s[:4]...), jose.ErrUnknownKey, 4},
		{"one of four replaced", s[4].token(t, ""), set("", s[:4]...), set("", s[1:5]...), jose.ErrKeysChanged, 4},
		{"more than four after", s[4].token(t, ""), set("", s[:3]...), set("", s[:6]...), jose.ErrKeysChanged, 3},
		{"none changed", s[7].token(t, ""), set("", s[:4]...), set("", s[:4]...), jose.ErrUnknownKey, 4},
		{"its key came", s[8].token(t, "id"), set("", s[:3]...), set("id", s[:3]...), nil, 4},
		{"its key came, too late", s[8].token(t, "id"), set("", s[:4]...), set("id", s[:4]...), jose.ErrKeysChanged, 4},
		{"fewer after", s[0].token(t, "id"), set("", s[:6]...), set("", s[:4]...), nil, 1},
	} {
		*checks = 0
		if err := c.before.Verify(&c.token); !errors.Is(err, jose.ErrUnknownKey) {
			t.Errorf("%s: got %v before, want %v", c.name, err, jose.ErrUnknownKey)
		}
		if err := c.after.Verify(&c.token); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, err, c.want)
		}
		if *checks != c.checks {
			t.Errorf("%s: got %d signature checks, want %d", c.name, *checks, c.checks)
		}
	}
}
