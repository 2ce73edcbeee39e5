package bearergate

import (
	"fmt"
	"strings"
)

// bearer is the scheme of RFC 6750.
const bearer = "Bearer"

// Scheme is an authentication scheme (RFC 9110 section 11.1) by which a token can
// be sent.
type Scheme struct {
	// Name is compared without case: "Bearer", "DPoP".
	Name string
	// Parameters end each challenge of the scheme, such as algs="ES256 EdDSA".
	Parameters string
}

// acceptedScheme is the schemes of a route, and the one by which a token was sent.
type acceptedScheme struct {
	all  []Scheme
	used int // an index, or noScheme
}

// noScheme is for clients that used none of the schemes, or more than one.
const noScheme = -1

// bearerOnly is for routes whose verifier asks for no other scheme.
var bearerOnly = &acceptedScheme{all: []Scheme{{Name: bearer}}, used: 0}

func (s *acceptedScheme) name() string { return s.all[s.used].Name }

// newSchemes returns an acceptedScheme for each of the schemes, and one more, the
// last, for a client that used none. With one scheme it does not matter whether the
// client used it: its challenge is the same.
func newSchemes(all []Scheme) []*acceptedScheme {
	if len(all) == 1 && all[0] == bearerOnly.all[0] {
		return []*acceptedScheme{bearerOnly}
	}
	if len(all) == 0 {
		panic("bearergate: RequireToken was given a RequestVerifier without Schemes; return {Name: \"Bearer\"} at least")
	}
	schemes := make([]*acceptedScheme, 0, len(all)+1)
	for i, s := range all {
		if !isToken(s.Name) || strings.ContainsFunc(s.Parameters, unprintable) {
			panic(fmt.Sprintf("bearergate: RequireToken was given a RequestVerifier with the scheme %q; use a name and parameters of RFC 9110 section 11.1", s))
		}
		schemes = append(schemes, &acceptedScheme{all, i})
	}
	return append(schemes, &acceptedScheme{all, noScheme})
}

func unprintable(c rune) bool { return c < ' ' || c > '~' }

// cutScheme returns the text after the name of the scheme. It reports false if
// the value has another scheme, also one whose name only starts alike.
func cutScheme(value, name string) (rest string, ok bool) {
	n := len(name)
	if len(value) < n || !equalFold(value[:n], name) || len(value) > n && isTokenByte(value[n]) {
		return "", false
	}
	return value[n:], true
}

// equalFold compares as [strings.EqualFold] does, for ASCII letters alone.
func equalFold(a, b string) bool {
	for i := range len(a) {
		if lower(a[i]) != lower(b[i]) {
			return false
		}
	}
	return true
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

// isTokenByte reports whether c can stand in the name of a scheme (RFC 9110
// section 5.6.2).
func isTokenByte(c byte) bool {
	switch c {
	case '!', '#', '$', '%', '&', '\'', '*', '+', '-', '.', '^', '_', '`', '|', '~':
		return true
	}
	return '0' <= c && c <= '9' || 'a' <= lower(c) && lower(c) <= 'z'
}

// isToken reports whether s is a token of RFC 9110 section 5.6.2.
func isToken(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(c rune) bool { return c > '~' || !isTokenByte(byte(c)) })
}
