// Package b64token checks the syntax of bearer tokens, b64token of RFC 6750 section
// 2.1, and marks verifiers that accept no other tokens.
package b64token

// Valid reports whether s is a b64token: 1*( ALPHA / DIGIT / "-" / "." / "_" / "~"
// / "+" / "/" ) *"=".
func Valid(s string) bool {
	n := len(s)
	for n > 0 && s[n-1] == '=' {
		n--
	}
	return n > 0 && unpadded(s[:n])
}

// Fault returns the index of the first byte that must not be in its place. It
// returns -1 if s is a b64token, and 0 if s is empty.
func Fault(s string) int {
	if Valid(s) {
		return -1
	}
	for i := range len(s) {
		if wrong[s[i]] == 1 {
			return i
		}
	}
	return 0
}

// unpadded reports whether all bytes are of the alphabet. It looks at eight bytes
// at a time and does not stop at the first wrong one, since this check is much of
// the cost of a repeated token.
func unpadded(s string) bool {
	var w uint8
	for ; len(s) >= 8; s = s[8:] {
		w |= wrong[s[0]] | wrong[s[1]] | wrong[s[2]] | wrong[s[3]] | wrong[s[4]] | wrong[s[5]] | wrong[s[6]] | wrong[s[7]]
	}
	for i := range len(s) {
		w |= wrong[s[i]]
	}
	return w == 0
}

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/"

// wrong is 0 for the bytes of the alphabet, and 1 for all others.
var wrong = func() (wrong [256]uint8) {
	for c := range wrong {
		wrong[c] = 1
	}
	for _, c := range []byte(alphabet) {
		wrong[c] = 0
	}
	return wrong
}()
