package redisstore

import (
	"context"
	"fmt"
	"strings"

	"github.com/redis/go-redis/v9"
)

// checkEviction returns an error unless all masters keep their keys when their memory
// is full.
func (s *Store) checkEviction(ctx context.Context) error {
	if cluster, ok := s.client.(interface {
		ForEachMaster(ctx context.Context, fn func(ctx context.Context, client *redis.Client) error) error
	}); ok {
		return cluster.ForEachMaster(ctx, func(ctx context.Context, master *redis.Client) error { return checkPolicy(ctx, master) })
	}
	return checkPolicy(ctx, s.client)
}

// checkPolicy asks by INFO, which is allowed where CONFIG is not.
func checkPolicy(ctx context.Context, client redis.Cmdable) error {
	info, err := client.Info(ctx, "memory").Result()
	if err != nil {
		return wrap("asking for the eviction policy", err)
	}
	const field = "maxmemory_policy:"
	for line := range strings.Lines(info) {
		if policy, ok := strings.CutPrefix(strings.TrimSpace(line), field); ok && policy == "noeviction" {
			return nil
		} else if ok {
			return fmt.Errorf("redisstore: maxmemory-policy of Redis is %s, so living tokens would be removed when its memory is full; set it to noeviction", policy)
		}
	}
	return fmt.Errorf("redisstore: Redis does not report its maxmemory-policy in INFO memory, and it has to be noeviction")
}
