package bearergate

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// bearer is the scheme of RFC 6750.
const bearer = "Bearer"

// Scheme is an authentication scheme (RFC 9110 section 11.1) by which a token can
// be sent.
type Scheme struct {
	// Name is the name of the scheme, such as "Bearer" or "DPoP". Its case does not
	// matter.
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

// proof reports whether the token was sent by a scheme other than Bearer.
func (s *acceptedScheme) proof() bool {
	return s.used != noScheme && !strings.EqualFold(s.name(), bearer)
}

// newSchemes returns an acceptedScheme for each of the schemes, and a last one for
// a client that used none. If Bearer is the only scheme, one value serves both: the
// challenges are the same.
func newSchemes(guard string, all []Scheme) []*acceptedScheme {
	if len(all) == 1 && all[0] == bearerOnly.all[0] {
		return []*acceptedScheme{bearerOnly}
	}
	if len(all) == 0 {
		panic(fmt.Sprintf("bearergate: %s was given a RequestVerifier without Schemes; return {Name: \"Bearer\"} at least", guard))
	}
	all = slices.Clone(all)
	schemes := make([]*acceptedScheme, 0, len(all)+1)
	for i, s := range all {
		if !isToken(s.Name) || !authParameters.MatchString(s.Parameters) || hasScheme(all[:i], s.Name) {
			panic(fmt.Sprintf("bearergate: %s was given a RequestVerifier with the scheme %q; name each scheme once, with parameters of RFC 9110 section 11.2", guard, s))
		}
		schemes = append(schemes, &acceptedScheme{all, i})
	}
	return append(schemes, &acceptedScheme{all, noScheme})
}

// authParameters is a list of auth-params (RFC 9110 section 11.2), possibly none.
var authParameters = regexp.MustCompile(`^$|^` + authParameter + `(, ` + authParameter + `)*$`)

const authParameter = "[A-Za-z0-9!#$%&'*+.^_`|~-]+=(\"[ !#-\\[\\]-~]*\"|[A-Za-z0-9!#$%&'*+.^_`|~-]+)"

func hasScheme(schemes []Scheme, name string) bool {
	return slices.ContainsFunc(schemes, func(s Scheme) bool { return strings.EqualFold(s.Name, name) })
}

// cutScheme returns the text after the name of the scheme. It reports false if
// the value has another scheme, also one whose name begins with this name. Most clients
// write the name as it is here.
func cutScheme(value, name string) (rest string, ok bool) {
	n := len(name)
	if len(value) < n || value[:n] != name && !strings.EqualFold(value[:n], name) || len(value) > n && isTokenByte(value[n]) {
		return "", false
	}
	return value[n:], true
}

// isTokenByte reports whether c can stand in the name of a scheme (RFC 9110
// section 5.6.2).
func isTokenByte(c byte) bool {
	switch c {
	case '!', '#', '$', '%', '&', '\'', '*', '+', '-', '.', '^', '_', '`', '|', '~':
		return true
	}
	return '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'z'
}

// isToken reports whether s is a token of RFC 9110 section 5.6.2.
func isToken(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(c rune) bool { return c > '~' || !isTokenByte(byte(c)) })
}
