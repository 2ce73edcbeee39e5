package jwtverifier

import (
	"slices"
	"strings"
	"time"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/internal/strictjson"
)

// policy decides about tokens, by their header and claims.
type policy struct {
	issuer          string
	audiences       []string
	audienceClaim   ClaimPath
	subjectOptional bool
	limits          keyLimits
	leeway          time.Duration
	headerTypes     []string // "" stands for none
	required        []requiredClaim
	tokenTypes      map[string]bearergate.TokenType
	claims          *claim
	scopeClaims     map[string]bool // the claims that Config.ScopeClaims begin with
	hierarchy       hierarchy
}

type requiredClaim struct{ name, value string }

func newPolicy(c *Config) policy {
	p := policy{
		issuer: c.Issuer, audiences: append([]string{c.Audience}, c.AdditionalAudiences...), audienceClaim: slices.Clone(c.AudienceClaim),
		limits: c.keyLimits(), subjectOptional: c.SubjectOptional, leeway: c.leeway(), headerTypes: c.headerTypes(), tokenTypes: c.tokenTypes(),
		claims: newClaimTree(c), hierarchy: newHierarchy(c.ScopeHierarchy), scopeClaims: make(map[string]bool),
	}
	for _, path := range c.ScopeClaims {
		p.scopeClaims[path[0]] = true
	}
	for _, name := range requiredNames(c.RequiredClaims) {
		p.required = append(p.required, requiredClaim{name, c.RequiredClaims[name]})
	}
	return p
}

// acceptsType compares as media types do: without case (RFC 7515 section 4.1.9).
func (p *policy) acceptsType(typ string) bool {
	return slices.ContainsFunc(p.headerTypes, func(accepted string) bool { return strings.EqualFold(typ, accepted) })
}

func isJWT(typ string) bool { return strings.EqualFold(typ, "JWT") }

func (p *policy) hasAudience(r *reading) bool {
	if len(p.audienceClaim) == 0 {
		return p.namesUs(r.Audience)
	}
	return p.namesUs(r.standIn) && (!r.has[factAudience] || p.namesUs(r.Audience))
}

func (p *policy) namesUs(audience []string) bool {
	return slices.ContainsFunc(audience, func(a string) bool { return slices.Contains(p.audiences, a) })
}

func (p *policy) hasSubject(r *reading) bool {
	return r.Subject != "" || p.subjectOptional && !r.has[factSubject]
}

func (p *policy) hasRequired(r *reading) bool {
	for i, c := range p.required {
		if !c.is(r.required[i]) {
			return false
		}
	}
	return true
}

// is reports whether the JSON value is a string with the required text, or a number
// or boolean that is written so.
func (c requiredClaim) is(value string) bool {
	if value == "" || value == "null" {
		return false
	}
	if s, ok := strictjson.String(value); ok {
		return s == c.value
	}
	return value == c.value
}

// tokenType knows two types. A third, such as a refresh token of the same issuer,
// must not pass for either.
func (p *policy) tokenType(r *reading) (bearergate.TokenType, bool) {
	if !r.has[factTokenType] {
		return bearergate.AccessToken, true
	}
	t, ok := p.tokenTypes[r.typ]
	return t, ok
}

// lifetime is "exp" and "nbf", in seconds since 1970.
type lifetime struct {
	expiry    int64
	notBefore int64
}

func (l lifetime) expired(now time.Time, leeway time.Duration) bool {
	return !now.Before(l.until(leeway))
}

func (l lifetime) begun(now time.Time, leeway time.Duration) bool {
	return !now.Before(l.from(leeway))
}

// from is when a token is accepted first, and until when it is not any more.
func (l lifetime) from(leeway time.Duration) time.Time  { return time.Unix(l.notBefore, 0).Add(-leeway) }
func (l lifetime) until(leeway time.Duration) time.Time { return time.Unix(l.expiry, 0).Add(leeway) }
