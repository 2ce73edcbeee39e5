package main

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/redisstore"
)

// shareByRedis adds limiters whose budgets all processes share, and a cache of grants
// that learns of revocations by the other processes.
func (s *stores) shareByRedis(ctx context.Context, logger *slog.Logger, addr string) error {
	client := redis.NewClient(&redis.Options{Addr: addr, ContextTimeoutEnabled: true})
	s.closers = append(s.closers, func() { client.Close() })
	if err := client.Ping(ctx).Err(); err != nil {
		return fmt.Errorf("-redis: %w", err)
	}
	if err := s.limitByRedis(client); err != nil {
		return fmt.Errorf("-redis: %w", err)
	}
	if err := s.cacheGrants(logger, client); err != nil {
		return fmt.Errorf("-redis: %w", err)
	}
	return nil
}

// limitByRedis falls back to budgets of this process alone.
func (s *stores) limitByRedis(client redis.UniversalClient) error {
	budget, failures, err := s.memoryLimiters()
	if err != nil {
		return err
	}
	s.budgetFallback, s.failuresFallback = budget, failures
	if s.budget, err = redisstore.NewLimiter(client, "quickstart:budget:", requestsPerMinute, time.Minute); err != nil {
		return err
	}
	s.failures, err = redisstore.NewLimiter(client, "quickstart:failures:", failuresPerMinute, time.Minute)
	return err
}

func (s *stores) cacheGrants(logger *slog.Logger, client redis.UniversalClient) error {
	cache, err := bearergate.NewCachedGrants(s.grants, bearergate.CacheConfig{MaxSilence: 2 * time.Second})
	if err != nil {
		return err
	}
	revocations, err := redisstore.NewRevocations(client, "quickstart:grants")
	if err != nil {
		return err
	}
	s.guarded = cache
	s.grants = &publishedGrants{grants: s.grants, cache: cache, revocations: revocations, logger: logger}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		revocations.Run(ctx, cache)
	}()
	s.closers = append(s.closers, func() { cancel(); <-ended })
	return nil
}

// publishedGrants are grants whose revocations reach the caches of all processes.
type publishedGrants struct {
	grants
	cache       *bearergate.CachedGrants
	revocations *redisstore.Revocations
	logger      *slog.Logger
}

// RevokeGrant publishes a revocation after it was stored. If that fails, the other
// processes notice it when their entries are too old.
func (p *publishedGrants) RevokeGrant(ctx context.Context, id string) error {
	defer p.cache.Forget(id) // also if the store failed: it may have revoked
	if err := p.grants.RevokeGrant(ctx, id); err != nil {
		return err
	}
	if err := p.revocations.Publish(context.WithoutCancel(ctx), id); err != nil {
		p.logger.WarnContext(ctx, "a revocation was not published", "grant", id, "error", err)
	}
	return nil
}
