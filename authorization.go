package bearergate

import (
	"errors"
	"net/http"
)

var (
	errNoAuthorization    = noCredentials("the request carries no token: it has no Authorization header")
	errEmptyAuthorization = noCredentials("the request carries no token: its Authorization header is empty")
	errNoSpace            = ErrInvalidRequest.because(errors.New("in the Authorization header, the scheme is not followed by a space and a token"))
	errNothingSent        = ErrInvalidRequest.because(errors.New("in the Authorization header, nothing follows the scheme"))
)

func noCredentials(cause string) *reason {
	return &reason{code: ErrInvalidToken, noCredentials: true, cause: errors.New(cause)}
}

// credentials returns the text after the scheme (RFC 6750 section 2.1), and the
// scheme. It does not check the syntax of the text. Its cost is bounded by
// maxLength, not by the header. The last of schemes is for a client that used none
// of them.
func credentials(h http.Header, schemes []*acceptedScheme, maxLength int) (string, *acceptedScheme, error) {
	values, none := h["Authorization"], schemes[len(schemes)-1]
	switch {
	case len(values) == 0:
		return "", none, errNoAuthorization
	case len(values) > 1:
		return "", none, becauseOf(Error{Code: ErrInvalidRequest}, manyAuthorizations(len(values)))
	case values[0] == "":
		return "", none, errEmptyAuthorization
	}
	for _, scheme := range schemes {
		if scheme.used == noScheme {
			break
		}
		rest, ok := cutScheme(values[0], scheme.name())
		switch {
		case !ok:
			continue
		case rest != "" && rest[0] != ' ':
			return "", scheme, errNoSpace
		}
		raw := skipSpaces(rest)
		if len(raw) > maxLength {
			return "", scheme, becauseOf(Error{Code: ErrInvalidToken}, tokenTooLong{len(raw), maxLength})
		}
		return raw, scheme, nil
	}
	return "", none, becauseOf(Error{Code: ErrInvalidToken, noCredentials: true}, otherScheme{none.all})
}

// maxSpaces is the number of spaces that are skipped before a token.
const maxSpaces = 1 << 10

func skipSpaces(s string) string {
	n := 0
	for n < len(s) && n < maxSpaces && s[n] == ' ' {
		n++
	}
	return s[n:]
}
