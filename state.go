package bearergate

import (
	"context"
	"net/http"
	"time"

	"github.com/bearergate/bearergate/internal/audit"
	"github.com/bearergate/bearergate/internal/cachehit"
	"github.com/bearergate/bearergate/internal/guess"
)

// state holds the facts that the guards of one request pass on to each other. It is
// the one context value of this package. It is not changed once a request carries
// it. It is its own context, so that adding to it costs one allocation.
type state struct {
	context.Context
	settings *settings
	record   *record
	schemes  *acceptedScheme
	token    *Token
	grant    *Grant
	// authorization is the Authorization header that the token was sent in, empty if the
	// token came in another way. It is for TokenKey: what stands inside may replace the
	// header.
	authorization string
	// anonymous reports that OptionalToken let the request pass without a token.
	anonymous bool
	// charge charges a failed authentication to the limit in front of RequireToken,
	// and returns the error to answer with. It is nil if there is no such limit.
	charge func(w http.ResponseWriter, r *http.Request, err error) error
	// clientUsedUp returns the error to answer with if the failures of a client are
	// used up. It is nil if there is no such limit.
	clientUsedUp func(client string) error
	// usedUpUntil is when the last of the outer budgets that are used up is
	// restored, nil if none is.
	usedUpUntil *time.Time
	// limiting is the context of the first limiter that is asked. It is a part of the
	// state because that saves an allocation.
	limiting limiterContext
}

// settings are those of Configure, and of an answer in progress.
type settings struct {
	Config
	refusing *Error // the refusal that a replacement writer is answering
}

var defaultSettings = settings{Config: defaultConfig}

// untouched is the state of a request that no guard has extended.
var untouched = state{settings: &defaultSettings, schemes: bearerOnly}

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
		return s.clientUsedUp
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

// extend returns a copy of the state of ctx to add to.
func extend(ctx context.Context) *state {
	s := stateFrom(ctx)
	return &state{
		Context: ctx, settings: s.settings, record: s.record, schemes: s.schemes,
		token: s.token, grant: s.grant, authorization: s.authorization, anonymous: s.anonymous, charge: s.charge, clientUsedUp: s.clientUsedUp, usedUpUntil: s.usedUpUntil,
	}
}

// setToken starts anew with a token, nil if there is none. The facts of an outer
// one no longer count.
func (s *state) setToken(t *Token, schemes *acceptedScheme) {
	s.token, s.grant, s.schemes = t, nil, schemes
	s.authorization, s.anonymous = "", false
}

// limiterContext returns a context of its own for one call of a limiter.
func (s *state) limiterContext(ctx context.Context, idle *limiterCall) *limiterContext {
	if s.limiting.use(ctx, idle) {
		return &s.limiting
	}
	c := new(limiterContext)
	c.use(ctx, idle)
	return c
}

// refusing returns a state in which Refuse answers by WriteError, with the challenge
// of e, and records nothing.
func (s *state) refusing(ctx context.Context, e Error) *state {
	inner, settings := extend(ctx), *s.settings
	settings.ErrorWriter, settings.refusing = nil, &e
	inner.settings, inner.record = &settings, nil
	return inner
}

// TokenFrom returns the token of [RequireToken], [OptionalToken] or
// [ContextWithToken]. It reports false if there is none.
func TokenFrom(ctx context.Context) (*Token, bool) {
	t := stateFrom(ctx).token
	return t, t != nil
}

// ContextWithToken returns a context in which [TokenFrom] finds t and [GrantFrom]
// finds no grant, as directly behind [RequireToken]. It is for tests of handlers and
// for servers that verify tokens by other means. If t is nil, TokenFrom reports
// false.
func ContextWithToken(ctx context.Context, t *Token) context.Context {
	s := extend(ctx)
	s.setToken(t, bearerOnly)
	return s
}

// GrantFrom returns a copy of the grant that [RequireGrant] looked up. It reports
// false if there is none.
func GrantFrom(ctx context.Context) (Grant, bool) {
	if g := stateFrom(ctx).grant; g != nil {
		return g.clone(), true
	}
	return Grant{}, false
}

func (s *state) organization() string {
	if s.grant != nil {
		return s.grant.OrganizationID
	}
	return s.token.OrganizationID()
}
