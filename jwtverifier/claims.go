package jwtverifier

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/internal/strictjson"
)

// ClaimNames are the names of the claims that no RFC registers, and of the
// client's. Where one is empty, the documented spellings are read: grantId or
// grant_id, organizationId, organization_id or org_id, installationId or
// installation_id, projectIds or project_ids, client_id, and type. A name that
// is set is read in their place. Names must differ from each other and from the
// registered ones.
type ClaimNames struct {
	GrantID        string
	OrganizationID string
	InstallationID string
	ProjectIDs     string
	ClientID       string
	// Type is the claim that is "installation" in an installation token.
	Type string
}

// fact is what a claim tells.
type fact int

const (
	issuer fact = iota
	audience
	subject
	expiry
	notBefore
	issuedAt
	confirmation
	scope
	tokenType
	clientID
	grantID
	organizationID
	installationID
	projectIDs
	facts
)

// registered are the claims of RFC 7519, RFC 7800 and RFC 9068, and the usual
// spellings of the last.
var registered = map[string]fact{
	"iss": issuer, "aud": audience, "sub": subject, "exp": expiry, "nbf": notBefore, "iat": issuedAt,
	"cnf": confirmation, "scope": scope, "scopes": scope, "scp": scope,
}

func (n ClaimNames) documented() []spelling {
	return []spelling{
		{grantID, n.GrantID, []string{"grantId", "grant_id"}},
		{organizationID, n.OrganizationID, []string{"organizationId", "organization_id", "org_id"}},
		{installationID, n.InstallationID, []string{"installationId", "installation_id"}},
		{projectIDs, n.ProjectIDs, []string{"projectIds", "project_ids"}},
		{clientID, n.ClientID, []string{"client_id"}},
		{tokenType, n.Type, []string{"type"}},
	}
}

type spelling struct {
	fact       fact
	configured string
	documented []string
}

func (s spelling) names() []string {
	if s.configured != "" {
		return []string{s.configured}
	}
	return s.documented
}

func (n ClaimNames) check() (faults []error) {
	seen := make(map[string]bool)
	for _, s := range n.documented() {
		for _, name := range s.names() {
			if _, ok := registered[name]; ok || seen[name] {
				faults = append(faults, fmt.Errorf("jwtverifier: Config.ClaimNames has %q twice, or for a claim that has another meaning", name))
			}
			seen[name] = true
		}
	}
	return faults
}

// policy is what a verified payload is held to.
type policy struct {
	issuer   string
	audience string
	leeway   time.Duration
	names    names
}

func newPolicy(c Config) policy {
	p := policy{issuer: c.Issuer, audience: c.Audience, leeway: c.Leeway}
	switch {
	case c.Leeway == 0:
		p.leeway = bearergate.DefaultLeeway
	case c.Leeway < 0:
		p.leeway = 0
	}
	for name, f := range registered {
		p.names.add(name, f)
	}
	for _, s := range c.ClaimNames.documented() {
		for _, name := range s.names() {
			p.names.add(name, s.fact)
		}
	}
	return p
}

// reading is the claims as they are read, before they are held to anything.
type reading struct {
	bearergate.Claims
	has      [facts]bool
	audience []string
	single   [1]string // what audience is a part of where it is one
	typ      string
	lifetime lifetime
}

// claims decodes the payload of a token whose signature is good into r. The
// claims' strings are parts of it.
func (p *policy) claims(r *reading, payload string, now time.Time) error {
	*r = reading{lifetime: lifetime{notBefore: -farthest}}
	err := strictjson.Object(payload, func(name, value string) error {
		f, ok := p.names.find(name)
		if !ok {
			return nil
		}
		if err := r.take(f, value); err != nil {
			return fmt.Errorf("claim %s: %w", name, err)
		}
		r.has[f] = true
		return nil
	})
	if err != nil {
		return err
	}
	return p.check(r, now)
}

var (
	errNotString  = errors.New("not a string")
	errNotStrings = errors.New("neither a string nor an array of strings")
	errNotArray   = errors.New("not an array of strings")
	errDisagree   = errors.New("two spellings that disagree")
	errDate       = errors.New("not a NumericDate")
)

func (r *reading) take(f fact, value string) error {
	switch f {
	case issuer:
		return r.takeString(f, &r.Issuer, value)
	case subject:
		return r.takeString(f, &r.Subject, value)
	case tokenType:
		return r.takeString(f, &r.typ, value)
	case clientID:
		return r.takeString(f, &r.ClientID, value)
	case grantID:
		return r.takeString(f, &r.GrantID, value)
	case organizationID:
		return r.takeString(f, &r.OrganizationID, value)
	case installationID:
		return r.takeString(f, &r.InstallationID, value)
	case audience:
		return r.takeAudience(value)
	case projectIDs:
		return r.takeProjects(value)
	case scope:
		return r.takeScopes(value)
	case expiry:
		return takeExpiry(&r.lifetime.expiry, value)
	case notBefore:
		return takeDate(&r.lifetime.notBefore, value)
	case issuedAt:
		return r.takeIssuedAt(value)
	}
	return nil // that cnf is there is all there is to know
}

func (r *reading) takeString(f fact, into *string, value string) error {
	s, ok := strictjson.String(value)
	switch {
	case !ok:
		return errNotString
	case r.has[f] && s != *into:
		return errDisagree
	}
	*into = s
	return nil
}

func (r *reading) takeAudience(value string) error {
	if s, ok := strictjson.String(value); ok {
		r.single[0] = s
		r.audience = r.single[:]
		return nil
	}
	list, ok := strictjson.Strings(value)
	if !ok {
		return errNotStrings
	}
	r.audience = list
	return nil
}

func (r *reading) takeProjects(value string) error {
	ids, ok := strictjson.Strings(value)
	switch {
	case !ok:
		return errNotArray
	case r.has[projectIDs] && !slices.Equal(ids, r.ProjectIDs):
		return errDisagree
	}
	r.ProjectIDs = ids
	return nil
}

// takeScopes splits a string at spaces. What stands in an array is a scope as it
// is: an element with a space in it is one that no route asks for, not two.
func (r *reading) takeScopes(value string) error {
	var scopes []string
	if s, ok := strictjson.String(value); ok {
		scopes = bearergate.ParseScope(s)
	} else if scopes, ok = strictjson.Strings(value); !ok {
		return errNotStrings
	}
	scopes = slices.DeleteFunc(scopes, func(s string) bool { return s == "" })
	if r.has[scope] && !slices.Equal(slices.Sorted(slices.Values(scopes)), slices.Sorted(slices.Values(r.Scopes))) {
		return errDisagree
	}
	r.Scopes = scopes
	return nil
}

// lastSecond is the last of the year 9999, the last that RFC 3339 can write.
const lastSecond = 253402300799

// takeExpiry refuses what is a mistake of the issuer's: 0, which others read as
// never, and milliseconds where seconds belong.
func takeExpiry(into *int64, value string) error {
	if err := takeDate(into, value); err != nil {
		return err
	}
	if *into <= 0 || *into > lastSecond {
		return errDate
	}
	return nil
}

// takeIssuedAt never refuses a number: "iat" decides nothing.
func (r *reading) takeIssuedAt(value string) error {
	var at int64
	if err := takeDate(&at, value); err != nil {
		return err
	}
	if 0 < at && at <= lastSecond {
		r.IssuedAt = time.Unix(at, 0)
	}
	return nil
}

// farthest is until where a float64 tells every second.
const farthest = 1 << 53

// takeDate reads a JSON number and drops its fraction. Numbers beyond all dates
// become the farthest.
func takeDate(into *int64, value string) error {
	if c := value[0]; c != '-' && (c < '0' || c > '9') {
		return errDate
	}
	if seconds, ok := shortInteger(value); ok {
		*into = seconds
		return nil
	}
	f, err := strconv.ParseFloat(value, 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return errDate
	}
	*into = int64(max(-farthest, min(math.Trunc(f), farthest)))
	return nil
}

// shortInteger reads what dates usually are.
func shortInteger(value string) (n int64, ok bool) {
	if len(value) > 15 {
		return 0, false
	}
	for _, c := range []byte(value) {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = 10*n + int64(c-'0')
	}
	return n, true
}

var (
	errIssuer       = errors.New("the issuer is not the configured one")
	errAudience     = errors.New("the audience does not contain the configured one")
	errNoSubject    = errors.New("the token has no subject")
	errNoExpiry     = errors.New("the token has no expiry")
	errExpired      = errors.New("the token expired")
	errNotYet       = errors.New("the token is not valid yet")
	errConfirmation = errors.New("the token is sender-constrained, and was sent as bearer")
	errClaimType    = errors.New("the type claim names no known type")
)

func (p *policy) check(r *reading, now time.Time) error {
	switch {
	case !r.has[issuer] || r.Issuer != p.issuer:
		return errIssuer
	case !slices.Contains(r.audience, p.audience):
		return errAudience
	case r.has[confirmation]:
		return errConfirmation
	case r.Subject == "":
		return errNoSubject
	case !r.has[expiry]:
		return errNoExpiry
	}
	if err := r.lifetime.check(now, p.leeway); err != nil {
		return err
	}
	r.ExpiresAt = time.Unix(r.lifetime.expiry, 0)
	return p.setType(r)
}

// lifetime is "exp" and "nbf", in seconds since 1970.
type lifetime struct {
	expiry    int64
	notBefore int64
}

func (l lifetime) check(now time.Time, leeway time.Duration) error {
	switch {
	case !now.Before(time.Unix(l.expiry, 0).Add(leeway)):
		return errExpired
	case now.Add(leeway).Before(time.Unix(l.notBefore, 0)):
		return errNotYet
	}
	return nil
}

// setType knows two types. A third, such as a refresh token of the same issuer,
// must not pass for either.
func (p *policy) setType(r *reading) error {
	switch {
	case !r.has[tokenType], r.typ == string(bearergate.AccessToken):
		r.Type = bearergate.AccessToken
	case r.typ == string(bearergate.InstallationToken):
		r.Type = bearergate.InstallationToken
	default:
		return errClaimType
	}
	return nil
}
