package redis_test

import (
	"context"
	"errors"
	"net"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/bearergate/bearergate/engines/servers"
	"github.com/bearergate/bearergate/redisstore"
)

// TestReplicaIsRefused has a client that reaches a replica, as one with
// FailoverOptions.ReplicaOnly does.
func TestReplicaIsRefused(t *testing.T) {
	master := servers.NewRedis(t, "--repl-diskless-sync-delay", "0")
	host, port, _ := net.SplitHostPort(master.Addr)
	c := redisstore.Config{}
	fatal(t, redisstore.Setup(t.Context(), newClient(t, master.Addr), c))
	replica := newClient(t, servers.NewRedis(t, "--replicaof", host+" "+port).Addr)
	recovers(t, func() bool { return replica.Exists(t.Context(), "{bearergate}alive").Val() == 1 })
	_, err := redisstore.New(t.Context(), replica, c)
	isRefused(t, "New", err, "replica", "ReplicaOnly")
	isRefused(t, "Setup", redisstore.Setup(t.Context(), replica, c), "replica")
}

func TestNewAndSetupEndIfRedisHangs(t *testing.T) {
	server := servers.NewRedis(t)
	client := redis.NewClient(&redis.Options{Addr: server.Addr, ContextTimeoutEnabled: true, ReadTimeout: -1})
	defer client.Close()
	fatal(t, server.Stop())
	began := time.Now()
	_, err := redisstore.New(context.Background(), client, redisstore.Config{})
	if took := time.Since(began); !errors.Is(err, context.DeadlineExceeded) && !isTimeout(err) || took > 6*time.Second {
		t.Errorf("New: got the error %v after %v, want a timeout after 5s", err, took)
	}
}

func isTimeout(err error) bool {
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout()
}
