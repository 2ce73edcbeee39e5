// Package jwtverifier verifies JWT access tokens and installation tokens for
// [bearergate.RequireToken].
//
//	verifier, err := jwtverifier.New(jwtverifier.Config{
//		Issuer:   "https://auth.example", // the URL of the identity provider
//		Audience: "https://api.example",  // the name of this API there
//	})
//
// [Config] has the settings for providers that need more, and [Verifier.Explain] says
// why a token is refused.
//
// A verifier accepts the compact serialization alone and checks the signature over
// exactly the received bytes before it believes a claim. Tokens must follow RFC 7519
// and RFC 8725: an allow-list of algorithms that the key must fit, no critical or
// content-changing header members, exact issuer and audience, a required expiry,
// strict base64url and JSON. Nothing is fetched from a URL in a token.
//
// Keys come from the issuer ([DiscoverKeys], [RemoteKeys]) or from the program
// ([StaticKeys], [SharedSecret]). While the issuer is out of reach, known keys go on
// working. If there are no keys to decide with, the answer is 503. Verified tokens
// are cached: see [Config.CacheSize].
package jwtverifier

import (
	"context"
	"errors"
	"time"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/internal/b64token"
)

// Verifier is a [bearergate.Verifier] of JWTs. [New] returns one; a zero Verifier
// cannot decide about any token. It is safe for concurrent use.
type Verifier struct {
	marked
	front
	keys      KeySource
	policy    policy
	cacheSize int // 0: no cache
}

type marked = b64token.Marked[Verifier]

// New returns a Verifier. The error names every fault of the configuration. It
// fetches nothing.
func New(c Config) (*Verifier, error) {
	faults := c.complete()
	if faults = append(faults, c.check()...); len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	v := &Verifier{keys: c.Keys, policy: newPolicy(&c), cacheSize: c.cacheSize()}
	v.cache, v.choose = newCache(v.cacheSize), func(string) (*Verifier, error) { return v, nil }
	b64token.Mark(&v.marked, v) // compact JWS has no other characters
	c.Keys.reportTo(reporter{c.Logger, c.Issuer, v.policy.limits})
	return v, nil
}

// Keys returns the source of the issuer's keys: [Config.Keys], or the keys that New
// discovers.
func (v *Verifier) Keys() KeySource { return v.keys }

// errUnmade is no refusal: nothing can be said about a token.
var errUnmade = errors.New("jwtverifier: a verifier that its constructor did not return; look at the error of New, ByIssuer or ByTenant")

// VerifyToken implements [bearergate.Verifier]. If the token is refused, the error has
// [bearergate.ErrInvalidToken] in its tree. Any other error means that there are no
// keys to decide with, and is answered 503. The token that it returns may be
// bound to a key, which it does not ask its sender to prove: see
// [bearergate.Token.Confirmation].
func (v *Verifier) VerifyToken(ctx context.Context, raw string) (*bearergate.Token, error) {
	if !v.made() {
		return nil, errUnmade
	}
	return v.front.VerifyToken(ctx, raw)
}

func (v *Verifier) made() bool { return v != nil && v.choose != nil }

// verify checks a token of the verifier's issuer.
func (v *Verifier) verify(ctx context.Context, in *inspection) (*entry, error) {
	for i := range steps {
		if err := steps[i].test(ctx, v, in); err != nil {
			return nil, steps[i].refusal(v, in, err)
		}
	}
	c := &in.Claims
	c.Raw, c.ExpiresAt = in.payload, time.Unix(in.lifetime.expiry, 0)
	if !in.has[factAudience] {
		c.Audience = in.standIn
	}
	c.Scopes = v.policy.hierarchy.expand(c.Scopes)
	return &entry{
		token: bearergate.NewToken(*c), source: v.keys, keys: in.keys,
		from: in.lifetime.from(v.policy.leeway), until: in.lifetime.until(v.policy.leeway), cost: entryCost(c),
	}, nil
}
