package main

import (
	"crypto/sha256"
	"time"

	"github.com/bearergate/bearergate"
)

// form is what an Authorization header is, before any token is looked at.
type form int

const (
	bearer    form = iota
	absent         // no header at all
	noToken        // an empty header, or another scheme
	malformed      // a header that is not well-formed
)

// credential is what a client sends, and the truth about it.
type credential struct {
	kind   string
	made   time.Time
	form   form
	header []string // the Authorization lines

	// The facts of a token, nil for what is none. Garbage has neither.
	jwt    *jwtFacts
	opaque *opaqueFacts

	id, installation, grant, organization string
	tokenType                             bearergate.TokenType
	scopes                                map[string]bool
	project                               string
}

// jwtFacts are the facts that decide about a JWT.
type jwtFacts struct {
	key   string // its kid
	sound bool   // that key signed it, and it is for this API
	times times
}

// opaqueFacts are the facts that decide about an opaque token, beside those of its store.
type opaqueFacts struct {
	sum [sha256.Size]byte
}

// times are "nbf" and "exp" of a token.
type times struct{ notBefore, expires time.Time }

// may reports whether the token may be good during the request, and whether it may be
// bad. Rules: S3a.35, S3a.36, S3b.4.
func (t times) may(request span) (good, bad bool) {
	from, until := t.notBefore.Add(-bearergate.DefaultLeeway), t.expires.Add(bearergate.DefaultLeeway)
	good = !request.end.Before(from) && request.begin.Before(until)
	bad = request.begin.Before(from) || !request.end.Before(until)
	return good, bad
}
