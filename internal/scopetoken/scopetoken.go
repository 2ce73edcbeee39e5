// Package scopetoken checks the syntax of scopes.
package scopetoken

// Valid reports whether s is a scope-token of RFC 6749 section 3.3.
func Valid(s string) bool {
	for _, c := range s {
		if !ValidRune(c) {
			return false
		}
	}
	return s != ""
}

// ValidRune reports whether a scope may contain c: %x21 / %x23-5B / %x5D-7E.
func ValidRune(c rune) bool {
	return '!' <= c && c <= '~' && c != '"' && c != '\\'
}
