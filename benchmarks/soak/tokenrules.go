package main

import (
	"time"

	"github.com/bearergate/bearergate"
)

// token judges RequireToken and OptionalToken. Rules: S2.1 to S2.8, S2.13, S2.14.
func (x *exchange) token() verdict {
	switch {
	case x.form == absent && x.route.optional:
		return verdict{pass: true}
	case x.form == absent, x.form == noToken:
		return refused(bearergate.ErrInvalidToken, "no token")
	case x.form == malformed:
		return refused(bearergate.ErrInvalidRequest, "a malformed header")
	case x.jwt != nil && x.route.jwt:
		return x.typed(x.jwtVerdict())
	case x.opaque != nil && x.route.opaque:
		return x.typed(x.opaqueVerdict())
	}
	return refused(bearergate.ErrInvalidToken, "no token of the route") // S3b.5
}

// typed judges the type of a token that may be good. Rules: S3.4.
func (x *exchange) typed(v verdict) verdict {
	if v.pass && x.tokenType == bearergate.AccessToken {
		v.pass = false
		v.refuse(bearergate.ErrInvalidToken, "an access token")
	}
	return v
}

// jwtVerdict judges signature, claims and time. Rules: S3a.26, S3a.27, S3a.36, S3a.60,
// S3a.61, S3a.62, S3c.28.
func (x *exchange) jwtVerdict() (v verdict) {
	key := x.world.keys.verdict(x.jwt.key, x.span, x.seen.served.took() > maxWait-maxWait/20)
	if key.refused {
		v.refuse(bearergate.ErrInvalidToken, "its key may be unknown")
	}
	if key.undecided {
		v.refuse(bearergate.ErrTemporarilyUnavailable, "its key may be unknown, and the key server fails")
	}
	if !key.known {
		return v
	}
	good, bad := x.jwt.times.may(x.span)
	if bad || !x.jwt.sound {
		v.refuse(bearergate.ErrInvalidToken, "it is not good")
	}
	v.pass = good && x.jwt.sound
	return v
}

// opaqueVerdict judges a token of the store. Rules: S3b.3, S3b.4, S4.31 to S4.34.
func (x *exchange) opaqueVerdict() (v verdict) {
	store := x.world.opaque.registry
	h := store.of(x.opaque.sum)
	if x.seen.began(store.name) {
		return refused(bearergate.ErrTemporarilyUnavailable, "its own query failed")
	}
	if x.slow() || h.failed(x.span) {
		v.refuse(bearergate.ErrTemporarilyUnavailable, "the query may have failed")
	}
	for _, claims := range h.seen(x.span) {
		if claims == nil {
			v.refuse(bearergate.ErrInvalidToken, "it may be unknown")
			continue
		}
		good, bad := times{time.Time{}, claims.ExpiresAt}.may(x.span)
		if bad {
			v.refuse(bearergate.ErrInvalidToken, "it may have expired")
		}
		v.pass = v.pass || good
	}
	return v
}
