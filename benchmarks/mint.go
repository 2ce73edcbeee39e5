package main

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"hash"
	"time"
)

// mint makes many tokens of HS256 that differ by their "jti". It encodes the claims
// once, since signing them with a library takes longer than all that is measured.
type mint struct {
	header, payload []byte
	number          int // its place in the payload
	mac             hash.Hash
	made            int
}

const numberFormat = "%010d"

func newMint(secret []byte) *mint {
	c := claims(0, time.Now().Add(24*time.Hour))
	number := fmt.Sprintf(numberFormat, 0)
	c["jti"] = number
	payload := must(json.Marshal(c))
	header := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"HS256","kid":"` + keyID + `"}`))
	return &mint{
		header: []byte(header + "."), payload: payload, number: bytes.Index(payload, []byte(`"`+number+`"`)) + 1,
		mac: hmac.New(sha256.New, secret),
	}
}

// next returns a token that was not made before.
func (m *mint) next() string {
	m.made++
	copy(m.payload[m.number:], fmt.Sprintf(numberFormat, m.made))
	token := base64.RawURLEncoding.AppendEncode(bytes.Clone(m.header), m.payload)
	m.mac.Reset()
	m.mac.Write(token)
	return string(base64.RawURLEncoding.AppendEncode(append(token, '.'), m.mac.Sum(nil)))
}

func (m *mint) tokens(n int) []string {
	tokens := make([]string, n)
	for i := range tokens {
		tokens[i] = m.next()
	}
	return tokens
}
