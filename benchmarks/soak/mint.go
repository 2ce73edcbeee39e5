package main

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	mathrand "math/rand/v2"
	"strings"
	"time"

	"github.com/bearergate/bearergate"
	"github.com/golang-jwt/jwt/v5"
)

const audience = "https://api.example"

// mint makes credentials of all kinds.
type mint struct {
	issuer string
	ring   *keyring
	opaque *opaqueTokens
	told   *tenants
	news   *tenants // those whose cache a channel tells of changes
}

// kind is a kind of credentials, and how many of all requests have one.
type kind struct {
	name string
	part int
	make func(m *mint, random *mathrand.Rand) *credential
}

// kinds are in the order of what a guard finds first.
var kinds = []kind{
	{"absent", 3, func(*mint, *mathrand.Rand) *credential { return &credential{form: absent} }},
	{"empty", 1, func(*mint, *mathrand.Rand) *credential { return header(noToken, "") }},
	{"other scheme", 2, func(*mint, *mathrand.Rand) *credential { return header(noToken, "Basic dTpw") }},
	{"two headers", 1, func(*mint, *mathrand.Rand) *credential { return header(malformed, "Bearer a.b.c", "Bearer d.e.f") }},
	{"malformed", 1, func(*mint, *mathrand.Rand) *credential { return header(malformed, "Bearer a,b") }},
	{"garbage", 2, func(*mint, *mathrand.Rand) *credential { return header(bearer, "Bearer "+rand.Text()+".x.y") }},
	{"too long", 1, func(*mint, *mathrand.Rand) *credential { return header(bearer, "Bearer "+strings.Repeat("a", 9<<10)) }},
	{"good", 55, (*mint).good},
	{"good, other cache", 40, (*mint).goodByNews},
	{"expiring", 4, (*mint).expiring},
	{"maturing", 3, (*mint).maturing},
	{"expired", 3, (*mint).expired},
	{"early", 2, (*mint).early},
	{"forged", 6, (*mint).forged},
	{"tampered", 3, (*mint).tampered},
	{"unsigned", 1, (*mint).unsigned},
	{"unknown key", 2, (*mint).unknownKey},
	{"dropped key", 4, (*mint).droppedKey},
	{"wrong audience", 2, (*mint).wrongAudience},
	{"wrong issuer", 2, (*mint).wrongIssuer},
	{"wrong type", 2, (*mint).wrongType},
	{"missing scope", 6, (*mint).missingScope},
	{"wrong project", 4, (*mint).wrongProject},
	{"opaque", 22, (*mint).opaqueGood},
	{"opaque unknown", 2, (*mint).opaqueUnknown},
	{"opaque expired", 2, (*mint).opaqueExpired},
	{"opaque expiring", 2, (*mint).opaqueExpiring},
}

func header(f form, lines ...string) *credential { return &credential{form: f, header: lines} }

// draft is a token before it is signed.
type draft struct {
	credential
	claims jwt.MapClaims
	key    *signingKey
	times  times
}

func (m *mint) draft(ts *tenants, random *mathrand.Rand) *draft {
	t := ts.pick(random)
	d := &draft{key: m.ring.pick(random), times: times{time.Now().Add(-time.Hour), time.Now().Add(time.Hour)}}
	d.id, d.installation, d.grant, d.organization = rand.Text(), "installation-"+t.name, t.grantID(), t.organization
	d.tokenType, d.project = bearergate.InstallationToken, "p1"
	d.scopes = map[string]bool{"projects:read": true, "projects:write": true}
	d.claims = jwt.MapClaims{
		"iss": m.issuer, "aud": audience, "sub": "user", "client_id": "app", "type": "installation", "jti": d.id,
		"installationId": d.installation, "grantId": d.grant, "organizationId": d.organization, "scope": "projects:read projects:write",
		"projectIds": []string{d.project},
	}
	return d
}

// sign returns the credential. It is sound if nobody changes it.
func (d *draft) sign() *credential {
	d.claims["nbf"], d.claims["exp"] = d.times.notBefore.Unix(), d.times.expires.Unix()
	c := d.credential
	c.jwt = &jwtFacts{key: d.key.id, sound: true, times: times{d.times.notBefore.Truncate(time.Second), d.times.expires.Truncate(time.Second)}}
	c.header = []string{"Bearer " + d.key.sign(d.claims, d.key.id)}
	return &c
}

// unsound is sign for a token that must be refused.
func (d *draft) unsound() *credential {
	c := d.sign()
	c.jwt.sound = false
	return c
}

func (m *mint) good(random *mathrand.Rand) *credential { return m.draft(m.told, random).sign() }

func (m *mint) goodByNews(random *mathrand.Rand) *credential { return m.draft(m.news, random).sign() }

// soon is a time from now at which a token begins or ceases to be good.
func soon(random *mathrand.Rand) time.Duration { return time.Second + within(random, 2*time.Second) }

func (m *mint) expiring(random *mathrand.Rand) *credential {
	d := m.draft(m.told, random)
	d.times.expires = time.Now().Add(soon(random) - bearergate.DefaultLeeway)
	return d.sign()
}

func (m *mint) maturing(random *mathrand.Rand) *credential {
	d := m.draft(m.told, random)
	d.times.notBefore = time.Now().Add(soon(random) + bearergate.DefaultLeeway)
	return d.sign()
}

func (m *mint) expired(random *mathrand.Rand) *credential {
	d := m.draft(m.told, random)
	d.times.expires = time.Now().Add(-time.Minute)
	return d.sign()
}

func (m *mint) early(random *mathrand.Rand) *credential {
	d := m.draft(m.told, random)
	d.times.notBefore = time.Now().Add(30 * time.Minute)
	return d.sign()
}

// forged returns a token that another key signed, in the name of a published one.
func (m *mint) forged(random *mathrand.Rand) *credential {
	d := m.draft(m.told, random)
	c := d.unsound()
	c.header = []string{"Bearer " + foreign(d.key.algorithm).sign(d.claims, d.key.id)}
	return c
}

// tampered returns a token with the claims of another one.
func (m *mint) tampered(random *mathrand.Rand) *credential {
	c, other := m.draft(m.told, random).unsound(), m.draft(m.told, random).sign()
	parts := strings.Split(c.header[0], ".")
	parts[1] = strings.Split(other.header[0], ".")[1]
	c.header = []string{strings.Join(parts, ".")}
	return c
}

// unsigned returns a token that no key decides about. Rules: S3a.11.
func (m *mint) unsigned(random *mathrand.Rand) *credential {
	c := m.draft(m.told, random).unsound()
	parts := strings.Split(c.header[0], ".")
	head := base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, `{"alg":"none","kid":%q}`, c.jwt.key))
	c.header = []string{"Bearer " + head + "." + parts[1] + "." + parts[2]}
	c.jwt = nil
	return c
}

func (m *mint) unknownKey(random *mathrand.Rand) *credential {
	d := m.draft(m.told, random)
	key := *d.key
	key.id = "unknown-" + d.id
	d.key = &key
	return d.unsound()
}

func (m *mint) droppedKey(random *mathrand.Rand) *credential {
	d := m.draft(m.told, random)
	d.key = m.ring.pickDropped(random)
	return d.sign()
}

func (m *mint) wrongAudience(random *mathrand.Rand) *credential {
	d := m.draft(m.told, random)
	d.claims["aud"] = audience + "/"
	return d.unsound()
}

func (m *mint) wrongIssuer(random *mathrand.Rand) *credential {
	d := m.draft(m.told, random)
	d.claims["iss"] = m.issuer + "/"
	return d.unsound()
}

// wrongType returns an access token, which the routes for installation tokens refuse.
func (m *mint) wrongType(random *mathrand.Rand) *credential {
	d := m.draft(m.told, random)
	d.tokenType, d.claims["type"] = bearergate.AccessToken, "access"
	return d.sign()
}

func (m *mint) missingScope(random *mathrand.Rand) *credential {
	d := m.draft(m.told, random)
	d.scopes, d.claims["scope"] = nil, "glossary:read"
	if random.IntN(2) == 0 {
		d.scopes, d.claims["scope"] = map[string]bool{"projects:read": true}, "glossary:read projects:read"
	}
	return d.sign()
}

func (m *mint) wrongProject(random *mathrand.Rand) *credential {
	d := m.draft(m.told, random)
	d.project, d.claims["projectIds"] = "p2", []string{"p2"}
	return d.sign()
}

func (m *mint) opaqueGood(random *mathrand.Rand) *credential {
	return m.opaqueToken(random, time.Now().Add(time.Hour))
}

func (m *mint) opaqueExpired(random *mathrand.Rand) *credential {
	return m.opaqueToken(random, time.Now().Add(-time.Minute))
}

func (m *mint) opaqueExpiring(random *mathrand.Rand) *credential {
	return m.opaqueToken(random, time.Now().Add(soon(random)-bearergate.DefaultLeeway))
}

func (m *mint) opaqueUnknown(*mathrand.Rand) *credential {
	return opaqueCredential(opaquePrefix+rand.Text(), credential{})
}

func (m *mint) opaqueToken(random *mathrand.Rand, expires time.Time) *credential {
	c := m.draft(m.told, random).credential
	raw := m.opaque.issue(bearergate.Claims{
		Type: c.tokenType, ID: c.id, Subject: "user", GrantID: c.grant, OrganizationID: c.organization, InstallationID: c.installation,
		Scopes: []string{"projects:read", "projects:write"}, ExpiresAt: expires,
	})
	return opaqueCredential(raw, c)
}

func opaqueCredential(raw string, c credential) *credential {
	c.header, c.opaque = []string{"Bearer " + raw}, &opaqueFacts{sha256.Sum256([]byte(raw))}
	return &c
}
