package redisstore

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/redis/go-redis/v9"
)

// checkServer returns an error unless the client reaches a master, or all masters of a
// Cluster, and these keep their keys when their memory is full.
func (s *Store) checkServer(ctx context.Context) error {
	if cluster, ok := s.client.(interface {
		ForEachMaster(ctx context.Context, fn func(ctx context.Context, client *redis.Client) error) error
	}); ok {
		return cluster.ForEachMaster(ctx, func(ctx context.Context, master *redis.Client) error { return checkInfo(ctx, master) })
	}
	return checkInfo(ctx, s.client)
}

// checkInfo asks by INFO: many hosts of Redis allow it, and not CONFIG.
func checkInfo(ctx context.Context, client redis.Cmdable) error {
	info, err := client.Info(ctx, "memory", "replication").Result()
	if err != nil {
		return wrap("asking for the role and the eviction policy", err)
	}
	if infoField(info, "role") == "slave" {
		return errors.New("redisstore: the client reaches a replica, which does not know yet what was just revoked; use the address of the master, or FailoverOptions without ReplicaOnly")
	}
	switch policy := infoField(info, "maxmemory_policy"); policy {
	case "noeviction":
		return nil
	case "":
		return errors.New("redisstore: Redis does not report its maxmemory-policy in INFO memory, and it has to be noeviction")
	default:
		return fmt.Errorf("redisstore: maxmemory-policy of Redis is %s, so living tokens would be removed when its memory is full; set it to noeviction", policy)
	}
}

// infoField returns a field of an answer to INFO, empty if it has none.
func infoField(info, field string) string {
	for line := range strings.Lines(info) {
		if value, ok := strings.CutPrefix(strings.TrimSpace(line), field+":"); ok {
			return value
		}
	}
	return ""
}
