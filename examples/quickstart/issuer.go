package main

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"time"
)

const (
	subject  = "user-1" // the one user
	audience = "https://api.translations.example"
	// tokenIssuer is the issuer of access tokens. A real service has one address, and
	// that is its issuer. Here every process has an address of its own, and accepts the
	// tokens of the others.
	tokenIssuer = "https://translations.example"
)

// issuer signs access tokens.
type issuer struct{ key ed25519.PrivateKey }

// claims are those that differ from the default ones of a token.
type claims map[string]any

// accessToken returns an access token of the grant, which lasts an hour by default.
func (i issuer) accessToken(grant, scope string, changes claims) string {
	now := time.Now()
	c := claims{
		"iss": tokenIssuer, "aud": audience, "sub": subject, "client_id": clientID, "jti": rand.Text(),
		"iat": now.Unix(), "exp": now.Add(time.Hour).Unix(),
		"grantId": grant, "organizationId": organization, "scope": scope,
	}
	maps.Copy(c, changes)
	return i.sign(c)
}

// installationToken returns an installation token that is a JWT.
func (i issuer) installationToken(grant, scope string, changes claims) string {
	c := claims{"type": "installation", "installationId": grant}
	maps.Copy(c, changes)
	return i.accessToken(grant, scope, c)
}

func (i issuer) sign(c claims) string {
	input := part(map[string]string{"alg": "EdDSA", "kid": i.keyID(), "typ": "at+jwt"}) + "." + part(c)
	return input + "." + base64.RawURLEncoding.EncodeToString(ed25519.Sign(i.key, []byte(input)))
}

func part(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err) // every claim is a string, a number or a list of strings
	}
	return base64.RawURLEncoding.EncodeToString(text)
}

func (i issuer) public() ed25519.PublicKey { return i.key.Public().(ed25519.PublicKey) }

func (i issuer) keyID() string {
	sum := sha256.Sum256(i.public())
	return base64.RawURLEncoding.EncodeToString(sum[:8])
}

// keys is the document from which other servers read the public key.
func (i issuer) keys(w http.ResponseWriter, _ *http.Request) {
	key := map[string]string{
		"kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "kid": i.keyID(),
		"x": base64.RawURLEncoding.EncodeToString(i.public()),
	}
	writeJSON(w, http.StatusOK, map[string]any{"keys": []any{key}})
}
