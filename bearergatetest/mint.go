package bearergatetest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"fmt"
	"strings"
	"time"
)

// The algorithms that an [Issuer] signs with. RS256 is the default.
const (
	RS256 = "RS256"
	PS256 = "PS256"
	ES256 = "ES256"
	EdDSA = "EdDSA"
)

// TokenOption changes a token before it is signed, or spoils it afterwards.
// Options apply in the order given.
type TokenOption func(*mint)

type mint struct {
	algorithm string
	header    map[string]any
	claims    map[string]any
	payload   []byte // in place of claims, if set
	secret    []byte // signs in place of the issuer's key, if set
	pssSalt   int
	spoil     []func(token string) string
}

// AccessToken mints an access token that is good for an hour.
func (i *Issuer) AccessToken(opts ...TokenOption) string {
	return i.mint(nil, opts)
}

// InstallationToken mints an installation token, as a JWT, that is good for an
// hour.
func (i *Issuer) InstallationToken(opts ...TokenOption) string {
	return i.mint(map[string]any{"type": "installation", "installationId": DefaultInstallationID}, opts)
}

func (i *Issuer) mint(claims map[string]any, opts []TokenOption) string {
	now := time.Now()
	m := &mint{
		algorithm: RS256,
		header:    map[string]any{"typ": "at+jwt"},
		claims: map[string]any{
			"iss": i.URL, "aud": i.Audience, "sub": DefaultSubject, "client_id": DefaultClientID,
			"iat": now.Unix(), "exp": now.Add(time.Hour).Unix(),
			"grantId": DefaultGrantID, "organizationId": DefaultOrganizationID,
		},
		pssSalt: rsa.PSSSaltLengthEqualsHash,
	}
	for name, value := range claims {
		m.claims[name] = value
	}
	for _, set := range opts {
		set(m)
	}
	return i.seal(m)
}

// seal signs with the algorithm that the option named, whatever the header says
// of it.
func (i *Issuer) seal(m *mint) string {
	keys := i.signing()
	header := map[string]any{"alg": m.algorithm, "kid": m.kid() + keys.suffix}
	for name, value := range m.header {
		header[name] = value
		if value == absent {
			delete(header, name)
		}
	}
	payload := m.payload
	if payload == nil {
		payload = mustJSON(m.claims)
	}
	input := base64url(mustJSON(header)) + "." + base64url(payload)
	token := input + "." + base64url(keys.sign(m, []byte(input)))
	for _, spoil := range m.spoil {
		token = spoil(token)
	}
	return token
}

func (m *mint) kid() string {
	if m.algorithm == PS256 {
		return RS256
	}
	return m.algorithm
}

func (k signingKeys) sign(m *mint, input []byte) []byte {
	if m.secret != nil {
		return signHMAC(m, input)
	}
	sum := sha256.Sum256(input)
	switch m.algorithm {
	case RS256:
		return must(rsa.SignPKCS1v15(rand.Reader, k.rsa, crypto.SHA256, sum[:]))
	case PS256:
		return must(rsa.SignPSS(rand.Reader, k.rsa, crypto.SHA256, sum[:], &rsa.PSSOptions{SaltLength: m.pssSalt}))
	case ES256:
		r, s, err := ecdsa.Sign(rand.Reader, k.ecdsa, sum[:])
		must(r, err)
		signature := make([]byte, 64)
		r.FillBytes(signature[:32])
		s.FillBytes(signature[32:])
		return signature
	case EdDSA:
		return ed25519.Sign(k.ed25519, input)
	case "none":
		return nil
	}
	panic(fmt.Sprintf("bearergatetest: cannot sign with the algorithm %q", m.algorithm))
}

func signHMAC(m *mint, input []byte) []byte {
	hash := sha256.New
	switch m.algorithm {
	case "HS384":
		hash = sha512.New384
	case "HS512":
		hash = sha512.New
	}
	h := hmac.New(hash, m.secret)
	h.Write(input)
	return h.Sum(nil)
}

// absent in place of a header member's value leaves it out.
var absent = new(struct{ _ byte })

// SignedWith signs with this algorithm: [RS256], [PS256], [ES256] or [EdDSA];
// "none" leaves the signature empty.
func SignedWith(algorithm string) TokenOption {
	return func(m *mint) { m.algorithm = algorithm }
}

// SignedWithSecret signs with HS256, HS384 or HS512 and this secret.
func SignedWithSecret(algorithm string, secret []byte) TokenOption {
	return func(m *mint) { m.algorithm, m.secret = algorithm, secret }
}

// PSSSaltLength signs PS256 with a salt of this many bytes; the right one is 32.
func PSSSaltLength(n int) TokenOption {
	return func(m *mint) { m.pssSalt = n }
}

// WithHeader sets a member of the header, also "alg" and "kid", which are else as
// the signature needs them.
func WithHeader(name string, value any) TokenOption {
	return func(m *mint) { m.header[name] = value }
}

// WithoutHeader leaves a member of the header out.
func WithoutHeader(name string) TokenOption {
	return func(m *mint) { m.header[name] = absent }
}

// WithClaim sets a claim.
func WithClaim(name string, value any) TokenOption {
	return func(m *mint) { m.claims[name] = value }
}

// WithoutClaim leaves a claim out.
func WithoutClaim(name string) TokenOption {
	return func(m *mint) { delete(m.claims, name) }
}

// Payload signs this text in place of the claims, whatever it is.
func Payload(text string) TokenOption {
	return func(m *mint) { m.payload = []byte(text) }
}

// WithScopes sets "scope" to these, space-delimited.
func WithScopes(scopes ...string) TokenOption {
	return WithClaim("scope", strings.Join(scopes, " "))
}

// WithGrant sets "grantId".
func WithGrant(id string) TokenOption { return WithClaim("grantId", id) }

// WithOrganization sets "organizationId".
func WithOrganization(id string) TokenOption { return WithClaim("organizationId", id) }

// WithInstallation sets "installationId".
func WithInstallation(id string) TokenOption { return WithClaim("installationId", id) }

// Expired makes the token one that expired an hour ago.
func Expired() TokenOption { return ExpiresIn(-time.Hour) }

// ExpiresIn makes the token expire this long after it is minted.
func ExpiresIn(d time.Duration) TokenOption {
	return func(m *mint) { m.claims["exp"] = time.Now().Add(d).Unix() }
}

// Tampered changes the claims after they were signed: the token becomes one for
// every scope that is named.
func Tampered(scopes ...string) TokenOption {
	return func(m *mint) {
		m.spoil = append(m.spoil, func(token string) string {
			WithScopes(scopes...)(m)
			header, rest, _ := strings.Cut(token, ".")
			_, signature, _ := strings.Cut(rest, ".")
			return header + "." + base64url(mustJSON(m.claims)) + "." + signature
		})
	}
}
