// Package b64token knows the syntax of bearer tokens (RFC 6750 section 2.1), and
// the verifiers that accept no other text.
package b64token

// Valid reports whether s is a b64token: 1*( ALPHA / DIGIT / "-" / "." /
// "_" / "~" / "+" / "/" ) *"=".
func Valid(s string) bool {
	n := len(s)
	for n > 0 && s[n-1] == '=' {
		n--
	}
	return n > 0 && hasBytesOnly(s[:n])
}

// hasBytesOnly looks at eight bytes at a time and does not stop at the
// first that is wrong: it is much of what a repeated token costs.
func hasBytesOnly(s string) bool {
	var wrong uint8
	for ; len(s) >= 8; s = s[8:] {
		wrong |= wrongByte[s[0]] | wrongByte[s[1]] | wrongByte[s[2]] | wrongByte[s[3]] |
			wrongByte[s[4]] | wrongByte[s[5]] | wrongByte[s[6]] | wrongByte[s[7]]
	}
	for i := range len(s) {
		wrong |= wrongByte[s[i]]
	}
	return wrong == 0
}

func isAlphanumeric(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'z'
}

// wrongByte is 1 for bytes that cannot stand in a b64token before its end.
var wrongByte = func() (wrong [256]uint8) {
	for c := range wrong {
		switch byte(c) {
		case '-', '.', '_', '~', '+', '/':
		default:
			if !isAlphanumeric(byte(c)) {
				wrong[c] = 1
			}
		}
	}
	return wrong
}()
