package bearergate

import (
	"errors"
	"net/http"
)

var (
	errNoCredentials = &reason{
		code: ErrInvalidToken, noCredentials: true,
		cause: errors.New("the request carries no token"),
	}
	errTwoAuthorizations = ErrInvalidRequest.because(errors.New("more than one Authorization header"))
	errMalformedToken    = ErrInvalidRequest.because(errors.New("malformed credentials"))
	errTokenTooLong      = ErrInvalidToken.because(errors.New("the token is longer than allowed"))
)

// credentials returns the text after the scheme (RFC 6750 section 2.1), and the
// scheme. It does not check the syntax of the text. Its cost is bounded by
// maxLength, whatever the client sent. The last of schemes is for a client that
// used none of them.
func credentials(h http.Header, schemes []*acceptedScheme, maxLength int) (string, *acceptedScheme, error) {
	values, none := h["Authorization"], schemes[len(schemes)-1]
	switch {
	case len(values) == 0:
		return "", none, errNoCredentials
	case len(values) > 1:
		return "", none, errTwoAuthorizations
	}
	for _, scheme := range schemes {
		if scheme.used == noScheme {
			break
		}
		rest, ok := cutScheme(values[0], scheme.name())
		switch {
		case !ok:
			continue
		case rest == "" || rest[0] != ' ':
			return "", scheme, errMalformedToken
		}
		raw := skipSpaces(rest)
		if len(raw) > maxLength {
			return "", scheme, errTokenTooLong
		}
		return raw, scheme, nil
	}
	return "", none, errNoCredentials
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
