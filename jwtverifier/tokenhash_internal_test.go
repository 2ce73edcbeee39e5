package jwtverifier

import (
	"bytes"
	"crypto/sha256"
	"os"
	"os/exec"
	"testing"
)

// hashers returns both, if the process can have both.
func hashers(t *testing.T) map[string]hasher {
	both := map[string]hasher{"SHA-256": hashBySHA256}
	if hash, err := newGMAC(); err == nil {
		both["GMAC"] = hash
	} else {
		t.Log(err)
	}
	return both
}

func hashOf(hash hasher, token []byte) (h tokenHash) {
	hash(&h, token)
	return h
}

func TestHashIsOfEachByteOfTheToken(t *testing.T) {
	for name, hash := range hashers(t) {
		for length := range 100 {
			token := bytes.Repeat([]byte{'a'}, length)
			seen := map[tokenHash]bool{hashOf(hash, token): true, hashOf(hash, append(token, 0)): true}
			for i := range token {
				changed := bytes.Clone(token)
				changed[i] ^= 1
				seen[hashOf(hash, changed)] = true
			}
			if len(seen) != length+2 {
				t.Errorf("%s: got %d hashes of %d texts of some %d bytes, want as many", name, len(seen), length+2, length)
			}
			if hashOf(hash, token) != hashOf(hash, bytes.Clone(token)) {
				t.Errorf("%s: got two hashes of a text of %d bytes, want one", name, length)
			}
		}
	}
}

func TestHashesDifferFromProcessToProcess(t *testing.T) {
	one, other := hashers(t)["GMAC"], hashers(t)["GMAC"]
	if one == nil {
		t.Skip("GMAC is not to be had")
	}
	if token := []byte("a"); hashOf(one, token) == hashOf(other, token) {
		t.Error("got the same hash under two keys, want two")
	}
}

func TestTokensAreHashedByGMACIfItIsFast(t *testing.T) {
	if _, err := newGMAC(); err != nil || !hasGMACInstructions() {
		t.Skip("this process has no fast GMAC")
	}
	if got := nameOfHasher(); got != "GMAC" {
		t.Errorf("got tokens hashed by %s, want GMAC", got)
	}
}

// TestHashIsNotLinear is of the tags without the last encryption: that of the sum of
// three texts is the sum of their tags.
func TestHashIsNotLinear(t *testing.T) {
	for name, hash := range hashers(t) {
		a, b, c := bytes.Repeat([]byte{1}, 64), bytes.Repeat([]byte{2}, 64), bytes.Repeat([]byte{4}, 64)
		sum, want := bytes.Repeat([]byte{1 ^ 2 ^ 4}, 64), tokenHash{}
		for _, text := range [][]byte{a, b, c} {
			h := hashOf(hash, text)
			for i := range want {
				want[i] ^= h[i]
			}
		}
		if hashOf(hash, sum) == want {
			t.Errorf("%s: got the sum of the hashes for the sum of three texts", name)
		}
	}
}

// hasherVariable is set in processes that TestCacheWorksWithEitherHash starts.
const hasherVariable = "JWTVERIFIER_TEST_HASHER"

// TestCacheWorksWithEitherHash runs the tests of the cache in processes that have no
// instructions for GMAC, or may not use it.
//
// Rules: S3a.61, S3a.62.
func TestCacheWorksWithEitherHash(t *testing.T) {
	if want := os.Getenv(hasherVariable); want != "" {
		if got := nameOfHasher(); got != want {
			t.Errorf("got tokens hashed by %s, want %s", got, want)
		}
		return
	}
	const tests = "^(TestCacheWorksWithEitherHash|TestRepeatedTokenIsNotVerifiedAgain|TestChangedTokenIsAnother|" +
		"TestAnswersDoNotDependOnTheCache|TestTokenOfOneVerifierIsNotAnothers|TestCallersCannotChangeACachedToken)$"
	for _, godebug := range []string{"fips140=only", "cpu.aes=off,cpu.pclmulqdq=off"} {
		t.Run(godebug, func(t *testing.T) {
			t.Parallel()
			c := exec.CommandContext(t.Context(), os.Args[0], "-test.run="+tests)
			c.Env = append(os.Environ(), "GODEBUG="+godebug, hasherVariable+"=SHA-256")
			if out, err := c.CombinedOutput(); err != nil {
				t.Errorf("%v:\n%s", err, out)
			}
		})
	}
}

func nameOfHasher() string {
	token := []byte("a")
	if hashOf(hashToken, token) == sha256.Sum256(token) {
		return "SHA-256"
	}
	return "GMAC"
}
