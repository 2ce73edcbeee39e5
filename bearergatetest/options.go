package bearergatetest

import (
	"strings"
	"time"
)

// TokenOption changes a token before it is signed, or spoils it afterwards.
// Options apply in their order.
type TokenOption func(*mint)

// WithScopes sets "scope" to these, space-delimited.
func WithScopes(scopes ...string) TokenOption {
	return WithClaim("scope", strings.Join(scopes, " "))
}

// WithClaim sets a claim. It panics if encoding/json cannot encode the value.
func WithClaim(name string, value any) TokenOption {
	return func(m *mint) { m.claims.set(name, value) }
}

// WithoutClaim removes a claim.
func WithoutClaim(name string) TokenOption {
	return func(m *mint) { m.claims.remove(name) }
}

// Expired makes the token one that expired an hour ago.
func Expired() TokenOption { return ExpiresIn(-time.Hour) }

// ExpiresIn makes the token expire this long after it is minted.
func ExpiresIn(d time.Duration) TokenOption {
	return func(m *mint) { m.claims.set("exp", time.Now().Add(d).Unix()) }
}

// Tampered changes the claims after they were signed: the scopes become these, and
// the signature no longer fits.
func Tampered(scopes ...string) TokenOption {
	return func(m *mint) {
		m.spoil = append(m.spoil, func(token string) string {
			WithScopes(scopes...)(m)
			header, rest, _ := strings.Cut(token, ".")
			_, signature, _ := strings.Cut(rest, ".")
			return header + "." + base64url(m.claims.text()) + "." + signature
		})
	}
}

// WithGrant sets "grantId".
func WithGrant(id string) TokenOption { return WithClaim("grantId", id) }

// WithOrganization sets "organizationId".
func WithOrganization(id string) TokenOption { return WithClaim("organizationId", id) }

// WithInstallation sets "installationId".
func WithInstallation(id string) TokenOption { return WithClaim("installationId", id) }

// SignedWith signs with this algorithm: [RS256], [PS256], [ES256] or [EdDSA]. With
// "none" the signature is empty.
func SignedWith(algorithm string) TokenOption {
	return func(m *mint) { m.algorithm = algorithm }
}

// SignedWithSecret signs with HS256, HS384 or HS512 and this secret.
func SignedWithSecret(algorithm string, secret []byte) TokenOption {
	return func(m *mint) { m.algorithm, m.secret = algorithm, secret }
}

// PSSSaltLength signs PS256 with a salt of this many bytes. The default is 32, the
// only length of RFC 7518 section 3.5.
func PSSSaltLength(n int) TokenOption {
	return func(m *mint) { m.pssSalt = n }
}

// WithHeader sets a member of the header. "alg" and "kid" change nothing but the
// header: the signature is that of [SignedWith]. It panics if encoding/json cannot
// encode the value.
func WithHeader(name string, value any) TokenOption {
	return func(m *mint) { m.header.set(name, value) }
}

// WithoutHeader removes a member of the header.
func WithoutHeader(name string) TokenOption {
	return func(m *mint) { m.header.remove(name) }
}

// Payload signs this text in place of the claims. It need not be JSON.
func Payload(text string) TokenOption {
	return func(m *mint) { m.payload = []byte(text) }
}
