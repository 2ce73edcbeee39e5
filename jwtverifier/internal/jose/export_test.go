package jose

import "testing"

// CountChecks counts the signature checks until the test ends.
func CountChecks(t *testing.T) (n *int) {
	n = new(int)
	for _, a := range algorithms {
		verify := a.verify
		a.verify = func(signingInput, signature []byte, key any) error {
			*n++
			return verify(signingInput, signature, key)
		}
		t.Cleanup(func() { a.verify = verify })
	}
	return n
}
