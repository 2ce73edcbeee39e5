package bearergatetest

import (
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"strings"
)

// forgery is a token that a thief made of a good one.
type forgery struct{ what, token, lacking string }

const adviceSignature = "the verifier does not check signatures, or remembers tokens by less than their whole text: use jwtverifier.New"

// forgeries returns tokens that are almost good.
func forgeries(token string) []forgery {
	if !isJWT(token) {
		return []forgery{{"a token that is good but for one character", withOtherEnd(token), "the verifier does not compare the whole token"}}
	}
	return []forgery{
		{"a token whose claims were changed", withOtherSubject(token), adviceSignature},
		{"a token without a signature (alg none)", unsigned(token), adviceSignature},
		{"a token that a stranger signed", bySomebodyElse(token), adviceSignature},
	}
}

func isJWT(token string) bool {
	segments := strings.Split(token, ".")
	return len(segments) == 3 && decoded(segments[0]).find("alg") != nil && decoded(segments[1]) != nil
}

// decoded returns nil if the segment is no JSON object.
func decoded(segment string) object {
	text, err := base64.RawURLEncoding.DecodeString(segment)
	if err != nil || !json.Valid(text) || text[0] != '{' {
		return nil
	}
	return parseObject("token", string(text))
}

// withOtherEnd changes the fourth last character.
func withOtherEnd(token string) string {
	n := max(len(token)-4, 0)
	changed := "A"
	if strings.HasPrefix(token[n:], changed) {
		changed = "B"
	}
	return token[:n] + changed + token[n+1:]
}

func withOtherSubject(token string) string {
	segments := strings.Split(token, ".")
	payload := decoded(segments[1])
	payload.set("sub", "somebody-else")
	segments[1] = base64url(payload.text())
	return strings.Join(segments, ".")
}

func unsigned(token string) string {
	segments := strings.Split(token, ".")
	header := decoded(segments[0])
	header.set("alg", "none")
	return base64url(header.text()) + "." + segments[1] + "."
}

// bySomebodyElse signs with another key and, if it can, the same algorithm.
func bySomebodyElse(token string) string {
	segments := strings.Split(token, ".")
	header := decoded(segments[0])
	m := &mint{pssSalt: rsa.PSSSaltLengthEqualsHash}
	json.Unmarshal(header.find("alg").value, &m.algorithm)
	switch m.algorithm {
	case RS256, PS256, ES256, EdDSA:
	default:
		m.algorithm, m.secret = "HS256", []byte("a secret of a stranger, of 32 bytes and more")
		header.set("alg", m.algorithm)
	}
	input := base64url(header.text()) + "." + segments[1]
	return input + "." + base64url(strangerKeys().sign(m, []byte(input)))
}
