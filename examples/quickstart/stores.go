package main

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/installation"
	"github.com/bearergate/bearergate/tokenendpoint"
)

// stores is the state of the API, and the budgets.
type stores struct {
	clients tokenendpoint.ClientStore
	codes   tokenendpoint.Store
	tokens  opaqueTokens
	grants  grants
	guarded bearergate.GrantStore // grants for the guards, perhaps behind a cache
	key     ed25519.PrivateKey    // signs access tokens

	budget, failures bearergate.Limiter
	plan             bearergate.PlanFunc // if not nil, chooses a budget
	// The limiters that decide if budget and failures cannot. They are nil in memory.
	budgetFallback, failuresFallback bearergate.Limiter
	closers                          []func()
}

// opaqueTokens keeps installation tokens.
type opaqueTokens interface {
	installation.TokenStore
	RevokeFamily(ctx context.Context, family string) error
}

type grants interface {
	bearergate.GrantStore
	Put(ctx context.Context, g bearergate.Grant) error
	// RevokeGrant revokes the grant, and removes its codes and refresh tokens.
	RevokeGrant(ctx context.Context, id string) error
}

// newStores opens the stores that the flags select.
func newStores(ctx context.Context, logger *slog.Logger, db, redisAddr string) (*stores, error) {
	switch {
	case db == "" && redisAddr == "":
		return inMemory()
	case db == "":
		return nil, errors.New("-redis needs -db, for the state that has to last")
	}
	s, err := inDatabase(ctx, db)
	if err != nil {
		return nil, fmt.Errorf("-db: %w", err)
	}
	if redisAddr == "" {
		err = s.limitInMemory()
	} else {
		err = s.shareByRedis(ctx, logger, redisAddr)
	}
	if err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// Close releases what the stores hold, in the reverse order.
func (s *stores) Close() {
	for i := range s.closers {
		s.closers[len(s.closers)-1-i]()
	}
}

func inMemory() (*stores, error) {
	codes := new(tokenendpoint.MemoryStore)
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	grants := &memoryGrants{codes: codes}
	s := &stores{
		clients: registered{}, codes: codes, tokens: new(installation.MemoryTokens),
		grants: grants, guarded: grants, key: key,
	}
	return s, s.limitInMemory()
}

func (s *stores) limitInMemory() error {
	budget, failures, err := s.memoryLimiters()
	s.budget, s.failures = budget, failures
	return err
}

// The budgets of a minute.
const (
	requestsPerMinute = bearergate.DefaultRequestsPerMinute
	failuresPerMinute = 100
)

func (s *stores) memoryLimiters() (budget, failures *bearergate.MemoryLimiter, err error) {
	if budget, err = bearergate.PerMinute(requestsPerMinute); err != nil {
		return nil, nil, err
	}
	s.closers = append(s.closers, func() { budget.Close() })
	if failures, err = bearergate.PerMinute(failuresPerMinute); err != nil {
		return nil, nil, err
	}
	s.closers = append(s.closers, func() { failures.Close() })
	return budget, failures, nil
}

func (s *stores) rateLimitOptions() (opts []bearergate.RateLimitOption) {
	if s.budgetFallback != nil {
		opts = append(opts, bearergate.WithFallback(s.budgetFallback))
	}
	if s.plan != nil {
		opts = append(opts, bearergate.WithPlan(s.plan))
	}
	return opts
}

func (s *stores) failureOptions() []bearergate.FailedAuthenticationOption {
	if s.failuresFallback == nil {
		return nil
	}
	return []bearergate.FailedAuthenticationOption{bearergate.WithFallback(s.failuresFallback)}
}

// memoryGrants is grants in memory.
type memoryGrants struct {
	bearergate.MemoryGrants
	codes *tokenendpoint.MemoryStore
}

func (m *memoryGrants) Put(_ context.Context, g bearergate.Grant) error {
	return m.MemoryGrants.Put(g)
}

func (m *memoryGrants) RevokeGrant(ctx context.Context, id string) error {
	if err := m.codes.RevokeGrant(ctx, id); err != nil {
		return err
	}
	return m.Revoke(id, time.Now())
}
