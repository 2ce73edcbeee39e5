package storetest_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/bearergate/bearergate/internal/mustfail"
	"github.com/bearergate/bearergate/tokenendpoint"
	"github.com/bearergate/bearergate/tokenendpoint/storetest"
)

func TestSoundStorePasses(t *testing.T) {
	storetest.Run(t, func(*testing.T) tokenendpoint.Store { return new(tokenendpoint.MemoryStore) })
}

func TestFaultyStoreFails(t *testing.T) {
	for name, fault := range map[string]func(memory *tokenendpoint.MemoryStore) tokenendpoint.Store{
		"shares the scopes of codes":          func(m *tokenendpoint.MemoryStore) tokenendpoint.Store { return &sharesCodes{MemoryStore: m} },
		"shares the scopes of refresh tokens": func(m *tokenendpoint.MemoryStore) tokenendpoint.Store { return &sharesTokens{MemoryStore: m} },
		"shares the scopes of used tokens":    func(m *tokenendpoint.MemoryStore) tokenendpoint.Store { return &sharesUsed{MemoryStore: m} },
		"keeps no redirect URI":               func(m *tokenendpoint.MemoryStore) tokenendpoint.Store { return keepsNoRedirectURI{m} },
		"keeps half of the sum":               func(m *tokenendpoint.MemoryStore) tokenendpoint.Store { return keepsHalfOfSum{m} },
		"needs a refresh token":               func(m *tokenendpoint.MemoryStore) tokenendpoint.Store { return needsRefreshToken{m} },
		"consumes in two steps":               func(m *tokenendpoint.MemoryStore) tokenendpoint.Store { return consumesInTwoSteps{m} },
		"adds the tokens of losers":           func(m *tokenendpoint.MemoryStore) tokenendpoint.Store { return addsTokensOfLosers{m} },
		"consumes expired codes":              func(m *tokenendpoint.MemoryStore) tokenendpoint.Store { return consumesExpired{m} },
		"rotates expired tokens":              func(m *tokenendpoint.MemoryStore) tokenendpoint.Store { return rotatesExpired{m} },
		"forgets the successor":               func(m *tokenendpoint.MemoryStore) tokenendpoint.Store { return forgetsSuccessor{m} },
		"rotates again and again":             func(m *tokenendpoint.MemoryStore) tokenendpoint.Store { return rotatesAgain{m} },
		"revokes no family":                   func(m *tokenendpoint.MemoryStore) tokenendpoint.Store { return revokesNoFamily{m} },
		"revokes a family of another":         func(m *tokenendpoint.MemoryStore) tokenendpoint.Store { return revokesOtherFamily{m} },
		"revokes no codes of a grant":         func(m *tokenendpoint.MemoryStore) tokenendpoint.Store { return revokesNoCodes{m} },
		"bars a revoked grant forever":        func(m *tokenendpoint.MemoryStore) tokenendpoint.Store { return &barsForever{MemoryStore: m} },
		"revokes what is there at first":      func(m *tokenendpoint.MemoryStore) tokenendpoint.Store { return &rotatesBehind{MemoryStore: m} },
		"calls a dead context unknown":        func(m *tokenendpoint.MemoryStore) tokenendpoint.Store { return deadIsUnknown{m} },
		"fails and does half":                 func(m *tokenendpoint.MemoryStore) tokenendpoint.Store { return doesHalf{m} },
	} {
		mustfail.Run(t, name, func(t *testing.T) {
			storetest.Run(t, func(*testing.T) tokenendpoint.Store { return fault(new(tokenendpoint.MemoryStore)) })
		})
	}
}

type (
	sum     = tokenendpoint.Sum
	outcome = tokenendpoint.Outcome
	code    = tokenendpoint.AuthorizationCode
	token   = tokenendpoint.RefreshToken
	added   = tokenendpoint.NewRefreshToken
)

type sharesCodes struct {
	*tokenendpoint.MemoryStore
	scopes sync.Map
}

func (s *sharesCodes) SaveCode(ctx context.Context, k sum, c code) error {
	s.scopes.Store(k, c.Scopes)
	return s.MemoryStore.SaveCode(ctx, k, c)
}

func (s *sharesCodes) Code(ctx context.Context, k sum) (code, bool, error) {
	c, ok, err := s.MemoryStore.Code(ctx, k)
	if scopes, kept := s.scopes.Load(k); kept {
		c.Scopes = scopes.([]string)
	}
	return c, ok, err
}

// sharesTokens returns one slice to all readers.
type sharesTokens struct {
	*tokenendpoint.MemoryStore
	scopes sync.Map
}

func (s *sharesTokens) RefreshToken(ctx context.Context, k sum) (token, bool, error) {
	t, ok, err := s.MemoryStore.RefreshToken(ctx, k)
	scopes, _ := s.scopes.LoadOrStore(k, t.Scopes)
	t.Scopes = scopes.([]string)
	return t, ok, err
}

type sharesUsed struct {
	*tokenendpoint.MemoryStore
	scopes sync.Map
}

func (s *sharesUsed) Rotate(ctx context.Context, k sum, at time.Time, sealed [32]byte, next added) (token, outcome, error) {
	t, o, err := s.MemoryStore.Rotate(ctx, k, at, sealed, next)
	if o == tokenendpoint.Used {
		scopes, _ := s.scopes.LoadOrStore(k, t.Scopes)
		t.Scopes = scopes.([]string)
	}
	return t, o, err
}

type keepsNoRedirectURI struct{ *tokenendpoint.MemoryStore }

func (s keepsNoRedirectURI) SaveCode(ctx context.Context, k sum, c code) error {
	c.RedirectURI = ""
	return s.MemoryStore.SaveCode(ctx, k, c)
}

type keepsHalfOfSum struct{ *tokenendpoint.MemoryStore }

func half(k sum) sum {
	clear(k[16:])
	return k
}

func (s keepsHalfOfSum) SaveCode(ctx context.Context, k sum, c code) error {
	return s.MemoryStore.SaveCode(ctx, half(k), c)
}

func (s keepsHalfOfSum) Code(ctx context.Context, k sum) (code, bool, error) {
	return s.MemoryStore.Code(ctx, half(k))
}

func (s keepsHalfOfSum) Consume(ctx context.Context, k sum, at time.Time, first *added) (outcome, error) {
	return s.MemoryStore.Consume(ctx, half(k), at, first)
}

type needsRefreshToken struct{ *tokenendpoint.MemoryStore }

func (s needsRefreshToken) Consume(ctx context.Context, k sum, at time.Time, first *added) (outcome, error) {
	if first == nil {
		return tokenendpoint.Unknown, errors.New("no token")
	}
	return s.MemoryStore.Consume(ctx, k, at, first)
}

type consumesInTwoSteps struct{ *tokenendpoint.MemoryStore }

func (s consumesInTwoSteps) Consume(ctx context.Context, k sum, at time.Time, first *added) (outcome, error) {
	c, ok, _ := s.MemoryStore.Code(ctx, k)
	if !ok || c.Used || !at.Before(c.ExpiresAt) {
		return s.MemoryStore.Consume(ctx, k, at, first)
	}
	time.Sleep(time.Millisecond)
	s.MemoryStore.SaveCode(ctx, k, c)
	_, err := s.MemoryStore.Consume(ctx, k, at, first)
	return tokenendpoint.Fresh, err
}

type addsTokensOfLosers struct{ *tokenendpoint.MemoryStore }

func (s addsTokensOfLosers) Consume(ctx context.Context, k sum, at time.Time, first *added) (outcome, error) {
	o, err := s.MemoryStore.Consume(ctx, k, at, first)
	if o == tokenendpoint.Used && first != nil {
		s.MemoryStore.SaveCode(ctx, sum{1}, code{Authorization: first.Authorization, ExpiresAt: at.Add(time.Hour)})
		s.MemoryStore.Consume(ctx, sum{1}, at, first)
	}
	return o, err
}

type consumesExpired struct{ *tokenendpoint.MemoryStore }

func (s consumesExpired) Consume(ctx context.Context, k sum, _ time.Time, first *added) (outcome, error) {
	return s.MemoryStore.Consume(ctx, k, time.Time{}, first)
}

type rotatesExpired struct{ *tokenendpoint.MemoryStore }

func (s rotatesExpired) Rotate(ctx context.Context, k sum, at time.Time, sealed [32]byte, next added) (token, outcome, error) {
	if t, ok, _ := s.MemoryStore.RefreshToken(ctx, k); ok && !at.Before(t.ExpiresAt) {
		at = t.ExpiresAt.Add(-time.Second)
	}
	return s.MemoryStore.Rotate(ctx, k, at, sealed, next)
}

type forgetsSuccessor struct{ *tokenendpoint.MemoryStore }

func (s forgetsSuccessor) Rotate(ctx context.Context, k sum, at time.Time, _ [32]byte, next added) (token, outcome, error) {
	return s.MemoryStore.Rotate(ctx, k, at, [32]byte{}, next)
}

type rotatesAgain struct{ *tokenendpoint.MemoryStore }

func (s rotatesAgain) Rotate(ctx context.Context, k sum, at time.Time, sealed [32]byte, next added) (token, outcome, error) {
	t, o, err := s.MemoryStore.Rotate(ctx, k, at, sealed, next)
	if o == tokenendpoint.Used {
		o = tokenendpoint.Fresh
	}
	return t, o, err
}

type revokesNoFamily struct{ *tokenendpoint.MemoryStore }

func (revokesNoFamily) RevokeFamily(context.Context, string) error { return nil }

type revokesOtherFamily struct{ *tokenendpoint.MemoryStore }

func (s revokesOtherFamily) RevokeFamily(ctx context.Context, family string) error {
	s.MemoryStore.RevokeFamily(ctx, "other")
	return s.MemoryStore.RevokeFamily(ctx, family)
}

type revokesNoCodes struct{ *tokenendpoint.MemoryStore }

func (s revokesNoCodes) RevokeGrant(ctx context.Context, _ string) error {
	return s.MemoryStore.RevokeFamily(ctx, "family")
}

type barsForever struct {
	*tokenendpoint.MemoryStore
	barred sync.Map
}

func (s *barsForever) RevokeGrant(ctx context.Context, id string) error {
	s.barred.Store(id, true)
	return s.MemoryStore.RevokeGrant(ctx, id)
}

func (s *barsForever) SaveCode(ctx context.Context, k sum, c code) error {
	if _, barred := s.barred.Load(c.GrantID); barred {
		return nil
	}
	return s.MemoryStore.SaveCode(ctx, k, c)
}

// rotatesBehind has a Rotate that is under way add its token after a revocation.
type rotatesBehind struct {
	*tokenendpoint.MemoryStore
}

func (s *rotatesBehind) RevokeFamily(ctx context.Context, family string) error {
	time.Sleep(5 * time.Millisecond)
	return s.MemoryStore.RevokeFamily(ctx, family)
}

func (s *rotatesBehind) Rotate(ctx context.Context, k sum, at time.Time, sealed [32]byte, next added) (token, outcome, error) {
	before, found, _ := s.MemoryStore.RefreshToken(ctx, k)
	time.Sleep(10 * time.Millisecond)
	t, o, err := s.MemoryStore.Rotate(ctx, k, at, sealed, next)
	if found && before.RetiredAt.IsZero() && o == tokenendpoint.Unknown {
		s.MemoryStore.SaveCode(ctx, sum{1}, code{Authorization: next.Authorization, ExpiresAt: at.Add(time.Hour)})
		s.MemoryStore.Consume(ctx, sum{1}, at, &next)
		o = tokenendpoint.Fresh
	}
	return t, o, err
}

type deadIsUnknown struct{ *tokenendpoint.MemoryStore }

func (s deadIsUnknown) Consume(ctx context.Context, k sum, at time.Time, first *added) (outcome, error) {
	if ctx.Err() != nil {
		return tokenendpoint.Unknown, nil
	}
	return s.MemoryStore.Consume(ctx, k, at, first)
}

// doesHalf retires a token and does not add its successor if the context is dead.
type doesHalf struct{ *tokenendpoint.MemoryStore }

func (s doesHalf) Rotate(ctx context.Context, k sum, at time.Time, sealed [32]byte, next added) (token, outcome, error) {
	if ctx.Err() == nil {
		return s.MemoryStore.Rotate(ctx, k, at, sealed, next)
	}
	other := next
	other.Sum = sum{2}
	s.MemoryStore.Rotate(ctx, k, at, sealed, other)
	return token{}, tokenendpoint.Unknown, ctx.Err()
}
