package bearergatetest_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/bearergate/bearergate/bearergatetest"
	"github.com/bearergate/bearergate/tokenendpoint"
)

// faultyStore is MemoryStore but for what a field replaces.
type faultyStore struct {
	tokenendpoint.MemoryStore
	mu      sync.Mutex
	consume func(s *faultyStore, ctx context.Context, sum tokenendpoint.Sum, at time.Time, first *tokenendpoint.NewRefreshToken) (tokenendpoint.Outcome, error)
	rotate  func(s *faultyStore, ctx context.Context, sum tokenendpoint.Sum, at time.Time, sealed [32]byte, next tokenendpoint.NewRefreshToken) (tokenendpoint.RefreshToken, tokenendpoint.Outcome, error)
	family  func() error
	grant   func(s *faultyStore, ctx context.Context, id string) error
	last    *tokenendpoint.Code
	shared  bool
}

func (s *faultyStore) Consume(ctx context.Context, sum tokenendpoint.Sum, at time.Time, first *tokenendpoint.NewRefreshToken) (tokenendpoint.Outcome, error) {
	if s.consume != nil {
		return s.consume(s, ctx, sum, at, first)
	}
	return s.MemoryStore.Consume(ctx, sum, at, first)
}

func (s *faultyStore) Rotate(ctx context.Context, sum tokenendpoint.Sum, at time.Time, sealed [32]byte, next tokenendpoint.NewRefreshToken) (tokenendpoint.RefreshToken, tokenendpoint.Outcome, error) {
	if s.rotate != nil {
		return s.rotate(s, ctx, sum, at, sealed, next)
	}
	return s.MemoryStore.Rotate(ctx, sum, at, sealed, next)
}

func (s *faultyStore) RevokeFamily(ctx context.Context, family string) error {
	if s.family != nil {
		return s.family()
	}
	return s.MemoryStore.RevokeFamily(ctx, family)
}

func (s *faultyStore) RevokeGrant(ctx context.Context, id string) error {
	if s.grant != nil {
		return s.grant(s, ctx, id)
	}
	return s.MemoryStore.RevokeGrant(ctx, id)
}

func (s *faultyStore) SaveCode(ctx context.Context, sum tokenendpoint.Sum, c tokenendpoint.Code) error {
	s.mu.Lock()
	s.last = &c
	s.mu.Unlock()
	return s.MemoryStore.SaveCode(ctx, sum, c)
}

func (s *faultyStore) Code(ctx context.Context, sum tokenendpoint.Sum) (tokenendpoint.Code, bool, error) {
	c, ok, err := s.MemoryStore.Code(ctx, sum)
	if s.shared && ok {
		c.Scopes = s.last.Scopes
	}
	return c, ok, err
}

// TestFaultyStoreFails runs the tests of each faulty store in another process,
// since they fail.
func TestFaultyStoreFails(t *testing.T) {
	for name, spoil := range map[string]func(*faultyStore){
		"shares its scopes": func(s *faultyStore) { s.shared = true },
		"consumes in two steps": func(s *faultyStore) {
			s.consume = func(s *faultyStore, ctx context.Context, sum tokenendpoint.Sum, at time.Time, first *tokenendpoint.NewRefreshToken) (tokenendpoint.Outcome, error) {
				code, ok, _ := s.MemoryStore.Code(ctx, sum)
				if !ok || code.Used || !at.Before(code.ExpiresAt) {
					return s.MemoryStore.Consume(ctx, sum, at, first)
				}
				time.Sleep(time.Millisecond)
				code.Used = false
				s.MemoryStore.SaveCode(ctx, sum, code)
				_, err := s.MemoryStore.Consume(ctx, sum, at, first)
				return tokenendpoint.Fresh, err
			}
		},
		"keeps what it did not consume": func(s *faultyStore) {
			s.consume = func(s *faultyStore, ctx context.Context, sum tokenendpoint.Sum, at time.Time, first *tokenendpoint.NewRefreshToken) (tokenendpoint.Outcome, error) {
				outcome, err := s.MemoryStore.Consume(ctx, sum, at, first)
				if outcome != tokenendpoint.Fresh && first != nil {
					other := tokenendpoint.Sum{1}
					s.MemoryStore.SaveCode(ctx, other, tokenendpoint.Code{Authorization: first.Authorization, ExpiresAt: time.Now().Add(time.Hour)})
					s.MemoryStore.Consume(ctx, other, at, first)
				}
				return outcome, err
			}
		},
		"does not tell what expired": func(s *faultyStore) {
			s.consume = func(s *faultyStore, ctx context.Context, sum tokenendpoint.Sum, _ time.Time, first *tokenendpoint.NewRefreshToken) (tokenendpoint.Outcome, error) {
				return s.MemoryStore.Consume(ctx, sum, time.Time{}, first)
			}
		},
		"forgets the successor": func(s *faultyStore) {
			s.rotate = func(s *faultyStore, ctx context.Context, sum tokenendpoint.Sum, at time.Time, _ [32]byte, next tokenendpoint.NewRefreshToken) (tokenendpoint.RefreshToken, tokenendpoint.Outcome, error) {
				return s.MemoryStore.Rotate(ctx, sum, at, [32]byte{}, next)
			}
		},
		"rotates again and again": func(s *faultyStore) {
			s.rotate = func(s *faultyStore, ctx context.Context, sum tokenendpoint.Sum, at time.Time, sealed [32]byte, next tokenendpoint.NewRefreshToken) (tokenendpoint.RefreshToken, tokenendpoint.Outcome, error) {
				token, outcome, err := s.MemoryStore.Rotate(ctx, sum, at, sealed, next)
				if outcome == tokenendpoint.Used {
					outcome = tokenendpoint.Fresh
				}
				return token, outcome, err
			}
		},
		"revokes no family": func(s *faultyStore) { s.family = func() error { return nil } },
		"revokes no codes": func(s *faultyStore) {
			s.grant = func(s *faultyStore, ctx context.Context, _ string) error {
				return s.MemoryStore.RevokeFamily(ctx, "family")
			}
		},
	} {
		failsInAnotherProcess(t, name, func(t *testing.T) {
			bearergatetest.TestTokenStore(t, func(*testing.T) tokenendpoint.Store {
				store := new(faultyStore)
				spoil(store)
				return store
			})
		})
	}
}
