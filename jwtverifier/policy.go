package jwtverifier

import (
	"errors"
	"slices"
	"time"

	"github.com/bearergate/bearergate"
)

// policy decides about the claims of a token whose signature is good.
type policy struct {
	issuer   string
	audience string
	leeway   time.Duration
	facts    map[string]fact // by the names of their claims
}

func newPolicy(c Config) policy {
	p := policy{issuer: c.Issuer, audience: c.Audience, leeway: c.Leeway, facts: c.ClaimNames.facts()}
	switch {
	case c.Leeway == 0:
		p.leeway = bearergate.DefaultLeeway
	case c.Leeway < 0:
		p.leeway = 0
	}
	return p
}

var (
	errIssuer    = errors.New("the issuer is not the configured one")
	errAudience  = errors.New("the audience does not contain the configured one")
	errNoSubject = errors.New("the token has no subject")
	errNoExpiry  = errors.New("the token has no expiry")
	errExpired   = errors.New("the token expired")
	errNotYet    = errors.New("the token is not valid yet")
	errClaimType = errors.New("the type claim names no known type")
)

func (p *policy) check(r *reading, now time.Time) error {
	switch {
	case !r.has[issuer] || r.Issuer != p.issuer:
		return errIssuer
	case !slices.Contains(r.audience, p.audience):
		return errAudience
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
