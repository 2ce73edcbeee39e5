package bearergate

import (
	"errors"
	"net/http"
)

const bearerScheme = "bearer"

var (
	errNoCredentials = &Error{
		Code: CodeInvalidToken, noCredentials: true,
		cause: errors.New("the request carries no bearer token"),
	}
	errTwoAuthorizations = ErrInvalidRequest.because(errors.New("more than one Authorization header"))
	errMalformedBearer   = ErrInvalidRequest.because(errors.New("malformed bearer credentials"))
	errTokenTooLong      = ErrInvalidToken.because(errors.New("the token is longer than allowed"))
)

// bearerToken returns the text in place of the token of RFC 6750 section 2.1. It
// does not check its syntax; see [verify]. The cost is bounded by maxLength,
// whatever the client sent.
func bearerToken(h http.Header, maxLength int) (string, error) {
	values := h["Authorization"]
	switch {
	case len(values) == 0:
		return "", errNoCredentials
	case len(values) > 1:
		return "", errTwoAuthorizations
	}
	credentials, err := bearerCredentials(values[0])
	if err != nil {
		return "", err
	}
	token := skipSpaces(credentials)
	if len(token) > maxLength {
		return "", errTokenTooLong
	}
	return token, nil
}

// bearerCredentials returns what follows "Bearer ".
func bearerCredentials(value string) (string, error) {
	const n = len(bearerScheme)
	switch {
	case len(value) < n || !hasSchemeFold(value):
		return "", errNoCredentials
	case len(value) == n:
		return "", errMalformedBearer
	case value[n] == ' ':
		return value[n+1:], nil
	case isTokenByte(value[n]):
		return "", errNoCredentials // a scheme whose name only starts alike
	default:
		return "", errMalformedBearer
	}
}

func hasSchemeFold(value string) bool {
	for i := range len(bearerScheme) {
		if value[i]|0x20 != bearerScheme[i] {
			return false
		}
	}
	return true
}

// maxSpaces is how many spaces may stand before a token.
const maxSpaces = 1 << 10

func skipSpaces(s string) string {
	n := 0
	for n < len(s) && n < maxSpaces && s[n] == ' ' {
		n++
	}
	return s[n:]
}

// isTokenByte reports whether c can stand in the name of a scheme (RFC 9110
// section 5.6.2).
func isTokenByte(c byte) bool {
	switch c {
	case '!', '#', '$', '%', '&', '\'', '*', '+', '-', '.', '^', '_', '`', '|', '~':
		return true
	}
	return isAlphanumeric(c)
}

func isAlphanumeric(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'z'
}
