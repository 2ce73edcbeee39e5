// Package jose verifies compact JWS (RFC 7515 section 3.1) and parses keys. It is
// the only importer of jwx, and uses it for two things: to verify a signature over
// exactly the received bytes, and to read the numbers of one JWK. Everything else
// in jwx is less strict than this package must be.
package jose

import (
	"bytes"
	"encoding/base64"
)

// MaxLength is the maximum length of a token in bytes.
const MaxLength = 64 << 10

// Signed is a well-formed compact JWS. Do not trust its content before
// [KeySet.Verify] returns nil.
type Signed struct {
	Header
	// Payload is a part of the buffer that [Parser.Parse] returned.
	Payload []byte
	// MaxRSABits, if not 0, keeps [KeySet.Verify] from checking with longer RSA keys.
	MaxRSABits int

	header       []byte // the segment
	signingInput []byte
	signature    []byte
	checks       checks
}

// Parser reads the compact serialization. The zero value is ready to use. It is
// safe for concurrent use.
type Parser struct {
	headers headers
}

// Parse parses a token of exactly three segments. Each is not empty and is
// base64url without padding, white space or stray bits. The first must be a header
// without extensions. The payload is decoded, but not parsed. Parse appends to
// scratch and returns the extended buffer. The result refers to token and to that
// buffer: do not change them while it is in use.
func (p *Parser) Parse(token, scratch []byte) (s Signed, _ []byte, err error) {
	if len(token) > MaxLength {
		return s, scratch, malformed("too long")
	}
	var payload, signature []byte
	if s.header, payload, signature, err = split(token); err != nil {
		return s, scratch, err
	}
	s.signingInput = token[:len(s.header)+1+len(payload)]
	if s.Payload, scratch, err = appendDecoded(scratch, payload); err != nil {
		return s, scratch, err
	}
	if s.signature, scratch, err = appendDecoded(scratch, signature); err != nil {
		return s, scratch, err
	}
	s.Header, err = p.headers.read(s.header)
	return s, scratch, err
}

// Remember caches the header of s, so that equal headers are not decoded again.
// Call it only after a key of the issuer verified s.
func (p *Parser) Remember(s *Signed) { p.headers.remember(s.header, s.Header) }

func split(token []byte) (header, payload, signature []byte, err error) {
	header, rest, ok := bytes.Cut(token, []byte{'.'})
	if !ok {
		return nil, nil, nil, malformed("no dot in the token, so it is opaque and no JWT")
	}
	payload, signature, ok = bytes.Cut(rest, []byte{'.'})
	if !ok || bytes.IndexByte(signature, '.') >= 0 {
		return nil, nil, nil, segments(1 + bytes.Count(token, []byte{'.'}))
	}
	if bytes.IndexByte(token, '\n') >= 0 || bytes.IndexByte(token, '\r') >= 0 { // encoding/base64 skips them
		return nil, nil, nil, malformed("a line break in a segment")
	}
	return header, payload, signature, nil
}

var base64url = base64.RawURLEncoding.Strict()

// appendDecoded appends the bytes of the segment to buf. It returns those bytes and
// the extended buf.
func appendDecoded(buf, segment []byte) (decoded, extended []byte, err error) {
	if len(segment) == 0 {
		return nil, buf, malformed("an empty segment")
	}
	start := len(buf)
	buf, err = base64url.AppendDecode(buf, segment)
	if err != nil {
		return nil, buf, malformed("a segment is not base64url")
	}
	return buf[start:len(buf):len(buf)], buf, nil
}
