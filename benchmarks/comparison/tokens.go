package main

import (
	"crypto"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"maps"
	"math/big"
	"strings"
	"sync"
	"time"
)

const (
	organization = "acme"
	scope        = "projects:read"
)

// signingKey is an RSA key with the id under which it is published.
type signingKey struct {
	id      string
	private *rsa.PrivateKey
}

var keys struct {
	sync.Mutex
	byID map[string]signingKey
}

// keyOf returns the key with the id. All issuers share it, since RSA keys take long
// to make.
func keyOf(id string) signingKey {
	keys.Lock()
	defer keys.Unlock()
	k, ok := keys.byID[id]
	if !ok {
		k = signingKey{id, must(rsa.GenerateKey(rand.Reader, 2048))}
		if keys.byID == nil {
			keys.byID = make(map[string]signingKey)
		}
		keys.byID[id] = k
	}
	return k
}

func (k signingKey) jwk() string {
	e := big.NewInt(int64(k.private.E)).Bytes()
	return fmt.Sprintf(`{"kty":"RSA","use":"sig","alg":"RS256","kid":%q,"n":%q,"e":%q}`, k.id, segment(k.private.N.Bytes()), segment(e))
}

// sign signs a header and a payload as they are.
func (k signingKey) sign(header, payload string) string {
	input := segment([]byte(header)) + "." + segment([]byte(payload))
	sum := sha256.Sum256([]byte(input))
	return input + "." + segment(must(rsa.SignPKCS1v15(nil, k.private, crypto.SHA256, sum[:])))
}

// signSymmetric signs with the text of the public key as the secret.
func (k signingKey) signSymmetric(payload string) string {
	spki := must(x509.MarshalPKIXPublicKey(k.private.Public()))
	mac := hmac.New(sha256.New, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: spki}))
	input := segment(fmt.Appendf(nil, `{"alg":"HS256","typ":"JWT","kid":%q}`, k.id)) + "." + segment([]byte(payload))
	mac.Write([]byte(input))
	return input + "." + segment(mac.Sum(nil))
}

func (k signingKey) header() string { return fmt.Sprintf(`{"alg":"RS256","typ":"JWT","kid":%q}`, k.id) }

func segment(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// claims are values by name. A nil value leaves the claim out.
type claims map[string]any

// payload returns the claims of a good token with changes.
func (i *issuer) payload(changes claims) string {
	c := claims{
		"iss": i.url(), "aud": audience, "sub": "user-1", "client_id": "app-1", "grantId": "grant-1", "organizationId": organization, "scope": scope,
		"iat": at(0), "exp": at(time.Hour),
	}
	maps.Copy(c, changes)
	maps.DeleteFunc(c, func(_ string, value any) bool { return value == nil })
	return string(must(json.Marshal(c)))
}

// spliced returns the claims of a good token without exp, and further members as they
// are.
func (i *issuer) spliced(members string) string {
	return strings.TrimSuffix(i.payload(claims{"exp": nil}), "}") + "," + members + "}"
}

func (i *issuer) token(changes claims) string { return i.sign(i.payload(changes)) }

func (i *issuer) sign(payload string) string { return i.key().sign(i.key().header(), payload) }

func (i *issuer) key() signingKey {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.keys[0]
}

// at returns the time that is d from now, as a claim.
func at(d time.Duration) int64 { return time.Now().Add(d).Unix() }

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}
