package bearergate

import (
	"context"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/bearergate/bearergate/internal/audit"
	"github.com/bearergate/bearergate/internal/cachehit"
	"github.com/bearergate/bearergate/internal/guess"
)

// state holds the facts that the guards of one request pass on to each other. It is
// the one context value of this package, and its own context, so that it costs no
// allocation beside the request that carries it. A fact that was set is not changed, and
// none is added once a handler has the request: see [visit].
type state struct {
	context.Context
	request  *http.Request // that carries the state, nil if no guard made it
	settings *settings
	record   *record
	// known, looked and limited are written once each, when all that they point to is
	// complete. They are atomic because contexts are safe for concurrent use: what a guard
	// called, such as a store, may go on to use its context while another guard sets them.
	known   atomic.Pointer[caller]
	looked  atomic.Pointer[Grant]
	limited atomic.Pointer[failureLimit] // the innermost limit in front of RequireToken
	// facts is the caller that a guard set in this state. Then known points to it.
	facts caller
	// usedUpUntil is when the last of the outer budgets that are used up is
	// restored, nil if none is.
	usedUpUntil *time.Time
	// limitFields is the values of the first limit's fields. It is a part of the state
	// because that saves an allocation.
	limitFields [2]string
}

// caller is what a token guard knows.
type caller struct {
	token   *Token // nil: none
	schemes *acceptedScheme
	// sent is the text of the token, empty if it came in another way than by the
	// Authorization header. It is for TokenKey: what stands inside may replace the header.
	sent string
	// anonymous reports that OptionalToken let the request pass without a token.
	anonymous bool
}

// nobody is the caller of requests that no token guard has seen.
var nobody = caller{schemes: bearerOnly}

// untouched is the state of a request that no guard has extended.
var untouched = state{settings: defaultSettings}

type stateKey struct{}

func (s *state) Value(key any) any {
	switch key.(type) {
	case stateKey:
		return s
	case cachehit.Key:
		if s.record != nil {
			return &s.record.cacheHit
		}
	case audit.Key:
		if s.record != nil {
			return s.record.audited
		}
	case guess.UsedUpKey:
		if l := s.failures(); l != nil {
			return l.clientUsedUp
		}
	}
	return s.Context.Value(key)
}

// String returns a text without the fields, which fmt would print otherwise.
func (s *state) String() string { return "bearergate.state" }

// stateFrom never returns nil.
func stateFrom(ctx context.Context) *state {
	if s, ok := ctx.Value(stateKey{}).(*state); ok {
		return s
	}
	return &untouched
}

// caller never returns nil.
func (s *state) caller() *caller {
	if c := s.known.Load(); c != nil {
		return c
	}
	return &nobody
}

func (s *state) token() *Token           { return s.caller().token }
func (s *state) grant() *Grant           { return s.looked.Load() }
func (s *state) failures() *failureLimit { return s.limited.Load() }

// hasCaller reports whether a token guard has set the caller.
func (s *state) hasCaller() bool { return s.known.Load() != nil }

// setCaller starts anew with a caller. The facts of an outer one no longer count.
func (s *state) setCaller(c caller) {
	s.facts = c
	s.known.Store(&s.facts)
	update(&s.looked, nil)
}

// update does not write what is there already, since an atomic write costs more than all else
// about a fact.
func update[T any](into *atomic.Pointer[T], fact *T) {
	if into.Load() != fact {
		into.Store(fact)
	}
}

// refusing returns a state in which Refuse answers by WriteError, with the challenge
// of e, and records nothing.
func (s *state) refusing(ctx context.Context, e Error) *state {
	inner, settings := new(state), *s.settings
	inner.extend(ctx, s)
	settings.ErrorWriter, settings.refusing = nil, &e
	inner.settings, inner.record = &settings, nil
	return inner
}

// TokenFrom returns the token of [RequireToken], [OptionalToken] or
// [ContextWithToken]. It reports false if there is none.
func TokenFrom(ctx context.Context) (*Token, bool) {
	t := stateFrom(ctx).token()
	return t, t != nil
}

// ContextWithToken returns a context in which [TokenFrom] finds t and [GrantFrom]
// finds no grant, as directly behind [RequireToken]. It is for tests of handlers and
// for servers that verify tokens by other means. If t is nil, TokenFrom reports
// false.
func ContextWithToken(ctx context.Context, t *Token) context.Context {
	s := new(state)
	s.extend(ctx, stateFrom(ctx))
	s.setCaller(caller{token: t, schemes: bearerOnly})
	return s
}

// GrantFrom returns a copy of the grant that [RequireGrant] looked up. It reports
// false if there is none.
func GrantFrom(ctx context.Context) (Grant, bool) {
	if g := stateFrom(ctx).grant(); g != nil {
		return g.clone(), true
	}
	return Grant{}, false
}

func (s *state) organization() string {
	if g := s.grant(); g != nil {
		return g.OrganizationID
	}
	return s.token().OrganizationID()
}
