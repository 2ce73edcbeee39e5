package bearergatetest

import (
	"crypto/rand"
	"crypto/rsa"
	"strings"
	"time"

	"github.com/bearergate/bearergate"
)

// mint is a token before it is signed.
type mint struct {
	algorithm string
	header    object
	claims    object
	payload   []byte // in place of claims, if set
	secret    []byte // signs in place of the issuer's key, if set
	pssSalt   int
	spoil     []func(token string) string
}

// Token mints the access token of an identity provider, which is good for an hour.
// Its claims are those of RFC 9068: iss, aud, sub, client_id, iat, exp, jti, and
// scope if [WithScopes] sets it. The header has typ "at+jwt".
func (i *Issuer) Token(opts ...TokenOption) string {
	m := i.newMint()
	m.claims.set("jti", rand.Text())
	return i.seal(m, opts)
}

// AccessToken mints an access token that was issued for a grant: it names
// [DefaultGrantID] and [DefaultOrganizationID]. It is good for an hour.
func (i *Issuer) AccessToken(opts ...TokenOption) string {
	return i.seal(i.newMint().ofGrant(), opts)
}

// InstallationToken mints an installation token, as a JWT, which is good for an
// hour. It names a grant, an organization and an installation.
func (i *Issuer) InstallationToken(opts ...TokenOption) string {
	m := i.newMint().ofGrant()
	m.claims.set("type", "installation")
	m.claims.set("installationId", DefaultInstallationID)
	return i.seal(m, opts)
}

// Mint mints a token with these claims, for [TestErrorTable]. If Issuer or Audience is
// empty, it is the issuer's own. The members of Raw, such as those that settings of
// yours demand, are claims of the token too. It is signed with ES256, which is quick.
func (i *Issuer) Mint(c bearergate.Claims) string {
	m := i.newMint()
	m.algorithm = ES256
	m.set(c)
	if c.Raw != "" {
		for _, member := range parseObject("Raw", c.Raw) {
			m.claims.setText(member.name, member.value)
		}
	}
	return i.seal(m, nil)
}

// set sets the claims that are not empty.
func (m *mint) set(c bearergate.Claims) {
	set := func(name string, value any, present bool) {
		if present {
			m.claims.set(name, value)
		}
	}
	set("iss", c.Issuer, c.Issuer != "")
	set("aud", c.Audience, len(c.Audience) > 0)
	set("sub", c.Subject, c.Subject != "")
	set("client_id", c.ClientID, c.ClientID != "")
	set("exp", c.ExpiresAt.Unix(), !c.ExpiresAt.IsZero())
	set("iat", c.IssuedAt.Unix(), !c.IssuedAt.IsZero())
	set("jti", c.ID, c.ID != "")
	set("type", "installation", c.Type == bearergate.InstallationToken)
	set("grantId", c.GrantID, c.GrantID != "")
	set("organizationId", c.OrganizationID, c.OrganizationID != "")
	set("installationId", c.InstallationID, c.InstallationID != "")
	set("projectIds", c.ProjectIDs, len(c.ProjectIDs) > 0)
	set("scope", strings.Join(c.Scopes, " "), len(c.Scopes) > 0)
}

func (i *Issuer) newMint() *mint {
	now := time.Now()
	m := &mint{algorithm: RS256, pssSalt: rsa.PSSSaltLengthEqualsHash, header: object{{name: "alg"}, {name: "kid"}}}
	m.header.set("typ", "at+jwt")
	m.claims.set("iss", i.URL)
	m.claims.set("aud", i.Audience)
	m.claims.set("sub", DefaultSubject)
	m.claims.set("client_id", DefaultClientID)
	m.claims.set("iat", now.Unix())
	m.claims.set("exp", now.Add(time.Hour).Unix())
	return m
}

func (m *mint) ofGrant() *mint {
	m.claims.set("grantId", DefaultGrantID)
	m.claims.set("organizationId", DefaultOrganizationID)
	return m
}

// seal signs with the algorithm of m, whatever an option set in the header.
func (i *Issuer) seal(m *mint, opts []TokenOption) string {
	for _, set := range opts {
		set(m)
	}
	keys := i.signing()
	m.nameKey(keys)
	payload := m.payload
	if payload == nil {
		payload = m.claims.text()
	}
	input := base64url(m.header.text()) + "." + base64url(payload)
	token := input + "." + base64url(keys.sign(m, []byte(input)))
	for _, spoil := range m.spoil {
		token = spoil(token)
	}
	return token
}

// nameKey sets alg and kid in the header, if they are there without a value.
func (m *mint) nameKey(keys signingKeys) {
	for name, value := range map[string]string{"alg": m.algorithm, "kid": m.kid() + keys.suffix} {
		if member := m.header.find(name); member != nil && member.value == nil {
			member.value = mustJSON(value)
		}
	}
}

// kid is the id of the key in [Issuer.JWKSet], without its suffix.
func (m *mint) kid() string {
	if m.algorithm == PS256 {
		return RS256
	}
	return m.algorithm
}
