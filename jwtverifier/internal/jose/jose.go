// Package jose checks compact JWS (RFC 7515 section 3.1) and reads the keys to
// check them with. It is the only importer of jwx, which it uses for two things:
// the signature over exactly the received bytes, and the numbers of one JWK.
// Everything else that jwx offers is looser than what is promised here.
package jose

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"github.com/bearergate/bearergate/internal/strictjson"
)

// MaxLength is how many bytes a token may have at the most.
const MaxLength = 64 << 10

// Signed is a well-formed compact JWS. Nothing in it is to be believed before
// [KeySet.Verify] returned nil.
type Signed struct {
	Algorithm string
	KeyID     string // empty: none named
	Type      string // empty: none named
	Payload   []byte

	signingInput string
	signature    []byte
}

// ErrMalformed is in the tree of the errors of [Parse].
var ErrMalformed = errors.New("malformed JWS")

// Parse reads the compact serialization: exactly three segments, none empty, of
// base64url without padding, white space or stray bits, of which the first is
// a header without extensions. It does not read the payload.
func Parse(token string) (*Signed, error) {
	if len(token) > MaxLength {
		return nil, fmt.Errorf("%w: too long", ErrMalformed)
	}
	header, rest, ok := strings.Cut(token, ".")
	if !ok {
		return nil, fmt.Errorf("%w: no segments", ErrMalformed)
	}
	payload, signature, ok := strings.Cut(rest, ".")
	if !ok || strings.IndexByte(signature, '.') >= 0 {
		return nil, fmt.Errorf("%w: not three segments", ErrMalformed)
	}
	s := &Signed{signingInput: token[:len(header)+1+len(payload)]}
	headerJSON, err := decodeSegment(header)
	if err != nil {
		return nil, err
	}
	if s.Payload, err = decodeSegment(payload); err != nil {
		return nil, err
	}
	if s.signature, err = decodeSegment(signature); err != nil {
		return nil, err
	}
	if err := s.readHeader(headerJSON); err != nil {
		return nil, err
	}
	return s, nil
}

var base64url = base64.RawURLEncoding.Strict()

func decodeSegment(segment string) ([]byte, error) {
	if segment == "" {
		return nil, fmt.Errorf("%w: an empty segment", ErrMalformed)
	}
	if strings.ContainsAny(segment, "\r\n") { // encoding/base64 skips them
		return nil, fmt.Errorf("%w: a line break in a segment", ErrMalformed)
	}
	b, err := base64url.DecodeString(segment)
	if err != nil {
		return nil, fmt.Errorf("%w: a segment is not base64url", ErrMalformed)
	}
	return b, nil
}

// readHeader takes what decides about the signature. Members that would change
// what is signed are refused; members that offer keys are ignored.
func (s *Signed) readHeader(header []byte) error {
	hasAlgorithm, hasType := false, false
	err := strictjson.Object(header, func(name, value []byte) error {
		ok := true
		switch string(name) {
		case "alg":
			s.Algorithm, ok = strictjson.String(value)
			hasAlgorithm = true
		case "kid":
			s.KeyID, ok = strictjson.String(value)
		case "typ":
			s.Type, ok = strictjson.String(value)
			hasType = true
		case "crit", "b64", "zip", "enc":
			return fmt.Errorf("%w: the header has a member that is not taken", ErrMalformed)
		}
		if !ok {
			return fmt.Errorf("%w: a header member is not a string", ErrMalformed)
		}
		return nil
	})
	switch {
	case err != nil:
		return fmt.Errorf("header: %w", err)
	case !hasAlgorithm:
		return fmt.Errorf("%w: the header has no alg", ErrMalformed)
	case hasType && s.Type == "":
		return fmt.Errorf("%w: the header has an empty typ", ErrMalformed)
	}
	return nil
}
