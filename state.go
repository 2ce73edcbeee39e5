package bearergate

import (
	"context"

	"github.com/bearergate/bearergate/internal/cachehit"
)

// state is what the guards of one request tell each other. It is the one
// context value of this package, is never changed once a request carries it,
// and is its own context so that adding to it costs one allocation.
type state struct {
	context.Context
	settings *settings
	record   *record
	failures *failureMeter
	token    *Token
	grant    *Grant
}

// untouched is the state of a request that no guard has extended.
var untouched = state{settings: &defaultSettings}

type stateKey struct{}

func (s *state) Value(key any) any {
	switch key.(type) {
	case stateKey:
		return s
	case cachehit.Key:
		if s.record != nil {
			return &s.record.cacheHit
		}
	}
	return s.Context.Value(key)
}

// stateFrom never returns nil.
func stateFrom(ctx context.Context) *state {
	if s, ok := ctx.Value(stateKey{}).(*state); ok {
		return s
	}
	return &untouched
}

// extend returns a copy of the state of ctx to add to.
func extend(ctx context.Context) *state {
	s := *stateFrom(ctx)
	s.Context = ctx
	return &s
}
