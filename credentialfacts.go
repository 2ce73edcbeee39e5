package bearergate

import (
	"fmt"
	"strings"

	"github.com/bearergate/bearergate/internal/b64token"
)

// The facts of credentials that are not verified quote nothing of them: the client may
// have sent its token in the wrong place.
type (
	manyAuthorizations int
	otherScheme        struct{ accepted []Scheme }
	tokenTooLong       struct{ length, limit int }
	malformedToken     struct {
		at, length int
		kind       string // of the byte
	}
)

func (n manyAuthorizations) String() string {
	return fmt.Sprintf("the request has %d Authorization headers; one is allowed", int(n))
}

func (o otherScheme) String() string {
	return "the request carries no token: its Authorization header has none of the accepted schemes, " + schemeNames(o.accepted)
}

func (t tokenTooLong) String() string {
	return fmt.Sprintf("the token has %d bytes, and Config.MaxTokenLength allows %d", t.length, t.limit)
}

func (m malformedToken) String() string {
	return fmt.Sprintf("the token is malformed: byte %d of %d is %s; RFC 6750 section 2.1 allows letters, digits and -._~+/, and = at the end", m.at+1, m.length, m.kind)
}

// malformed returns the refusal of a token that is not a b64token.
func malformed(raw string) error {
	if raw == "" {
		return errNothingSent
	}
	at := b64token.Fault(raw)
	return becauseOf(Error{Code: ErrInvalidRequest}, malformedToken{at, len(raw), describeByte(raw[at])})
}

func describeByte(c byte) string {
	switch {
	case c == ' ':
		return "a space"
	case c == '\t':
		return "a tab"
	case c == ',':
		return "a comma"
	case c == '"':
		return "a quote"
	case c == '=':
		return "an = before the end"
	case c < ' ' || c == 0x7f:
		return "a control character"
	case c > 0x7f:
		return "not ASCII"
	}
	return "punctuation"
}

func schemeNames(schemes []Scheme) string {
	names := make([]string, len(schemes))
	for i, s := range schemes {
		names[i] = s.Name
	}
	return strings.Join(names, ", ")
}
