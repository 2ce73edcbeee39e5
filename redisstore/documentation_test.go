package redisstore_test

import (
	"context"
	"log/slog"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/installation"
	"github.com/bearergate/bearergate/redisstore"
)

// The code of docs/stores.md.
var _ = []any{sharedBudget, followRevocations, revokeEverywhere}

func sharedBudget(client redis.UniversalClient, processes uint64) (bearergate.Middleware, error) {
	shared, err := redisstore.NewLimiter(client, "budget:", bearergate.DefaultRequestsPerMinute, time.Minute)
	if err != nil {
		return nil, err
	}
	local, err := bearergate.PerMinute(bearergate.DefaultRequestsPerMinute / processes) // while Redis is away
	if err != nil {
		return nil, err
	}
	return bearergate.RateLimit(shared, bearergate.WithFallback(local)), nil
}

func followRevocations(ctx context.Context, client redis.UniversalClient, store bearergate.GrantStore) (*bearergate.CachedGrants, *redisstore.Revocations, error) {
	grants, err := bearergate.NewCachedGrants(store, bearergate.CacheConfig{MaxSilence: 5 * time.Second})
	if err != nil {
		return nil, nil, err
	}
	revocations, err := redisstore.NewRevocations(client, "grants")
	if err != nil {
		return nil, nil, err
	}
	go revocations.Run(ctx, grants) // until ctx ends
	return grants, revocations, nil
}

func revokeEverywhere(revoke installation.RevokeFunc, grants *bearergate.CachedGrants, revocations *redisstore.Revocations) installation.RevokeFunc {
	return func(ctx context.Context, grantID string) error {
		defer grants.Forget(grantID) // also if the store failed: it may have revoked
		if err := revoke(ctx, grantID); err != nil {
			return err
		}
		if err := revocations.Publish(context.WithoutCancel(ctx), grantID); err != nil {
			slog.WarnContext(ctx, "a revocation was not published", "grant", grantID, "error", err)
		}
		return nil
	}
}
