package jwtverifier_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"strings"
	"testing"
	"time"

	"github.com/bearergate/bearergate/bearergatetest"
	"github.com/bearergate/bearergate/jwtverifier"
)

// FuzzStaticKeys holds that what is no error is a source of the keys that are in
// the data: it has as many as can be used, and accepts a token only if the key
// that signed it is there.
func FuzzStaticKeys(f *testing.F) {
	f.Add(issuer.JWKSet())
	f.Add(bytes.ReplaceAll(issuer.JWKSet(), []byte(`"kid"`), []byte(`"was"`)))
	f.Add(bytes.ReplaceAll(issuer.JWKSet(), []byte(`"kid":"E`), []byte(`"kid":"RS256","was":"E`)))
	f.Add([]byte("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----"))
	f.Add([]byte(`{"kty":"EC","crv":"P-256","x":"AAAA","y":"AAAA"}`))
	for _, algorithm := range signedWith {
		der, err := x509.MarshalPKIXPublicKey(issuer.PublicKey(algorithm))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
	}
	stranger := bearergatetest.NewStranger()
	lasting := bearergatetest.ExpiresIn(10_000 * time.Hour)
	f.Fuzz(func(t *testing.T, data []byte) {
		keys, err := jwtverifier.StaticKeys(data)
		if (keys == nil) != (err != nil) {
			t.Fatalf("got %v, %v, want keys or an error", keys, err)
		}
		if err != nil {
			return
		}
		if got, want := keys.Status().Keys, usableKeys(t, data); got != want || got == 0 {
			t.Errorf("got %d keys, want %d", got, want)
		}
		v := newVerifier(t, func(c *jwtverifier.Config) { c.Keys, c.CacheSize = keys, -1 })
		for _, algorithm := range signedWith {
			for _, kid := range []bearergatetest.TokenOption{bearergatetest.WithHeader("kid", algorithm), bearergatetest.WithoutHeader("kid")} {
				refuses(t, v, stranger.AccessToken(bearergatetest.SignedWith(algorithm), lasting, kid))
				token := issuer.AccessToken(bearergatetest.SignedWith(algorithm), lasting, kid)
				if _, err := v.VerifyToken(context.Background(), token); err == nil && !holds(data, number(issuer.PublicKey(algorithm))) {
					t.Errorf("got a token signed with %s accepted, want it refused without its key", algorithm)
				}
			}
		}
		refuses(t, v, issuer.AccessToken(bearergatetest.SignedWithSecret("HS256", data)))
	})
}

var signedWith = []string{bearergatetest.RS256, bearergatetest.PS256, bearergatetest.ES256, bearergatetest.EdDSA}

// usableKeys counts the blocks of PEM, or the entries of a JWK Set that can be
// used alone and share their id with no other such entry.
func usableKeys(t *testing.T, data []byte) (n int) {
	if data = bytes.TrimSpace(data); data[0] != '{' {
		for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
			n++
		}
		return n
	}
	members := make(map[string]json.RawMessage)
	if err := json.Unmarshal(data, &members); err != nil {
		t.Fatalf("got %q accepted, want what encoding/json says: %v", data, err)
	}
	if members["keys"] == nil {
		return 1
	}
	var entries []json.RawMessage
	if err := json.Unmarshal(members["keys"], &entries); err != nil {
		t.Fatalf("got %q accepted, want what encoding/json says: %v", data, err)
	}
	ids := make(map[string]int)
	for _, entry := range entries {
		if _, err := jwtverifier.StaticKeys(entry); err != nil {
			continue
		}
		key := make(map[string]any)
		if err := json.Unmarshal(entry, &key); err != nil {
			t.Fatal(err)
		}
		id, _ := key["kid"].(string)
		ids[id]++
	}
	for id, count := range ids {
		if id == "" || count == 1 {
			n += count
		}
	}
	return n
}

// number is what identifies a public key in any of its encodings.
func number(public any) []byte {
	switch k := public.(type) {
	case *rsa.PublicKey:
		return k.N.Bytes()
	case *ecdsa.PublicKey:
		point, _ := k.Bytes()
		return point[1:33]
	case ed25519.PublicKey:
		return k
	}
	return nil
}

// holds reports whether the number is in PEM or in a string of a JWK.
func holds(data, number []byte) bool {
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		if bytes.Contains(block.Bytes, number) {
			return true
		}
	}
	var document any
	return json.Unmarshal(data, &document) == nil && holdsString(document, number)
}

// otherAlphabet maps base64 to base64url.
var otherAlphabet = strings.NewReplacer("+", "-", "/", "_", "=", "")

func holdsString(value any, number []byte) bool {
	switch value := value.(type) {
	case string:
		decoded, _ := base64.RawURLEncoding.DecodeString(otherAlphabet.Replace(value))
		return bytes.Contains(decoded, number)
	case []any:
		for _, element := range value {
			if holdsString(element, number) {
				return true
			}
		}
	case map[string]any:
		for _, member := range value {
			if holdsString(member, number) {
				return true
			}
		}
	}
	return false
}
