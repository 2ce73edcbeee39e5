package redis_test

import (
	"context"
	"crypto/rand"
	"os"
	"sync"
	"testing"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"

	"github.com/bearergate/bearergate/engines/servers"
)

func TestMain(m *testing.M) {
	if process := os.Getenv(processVariable); process != "" {
		runProcess(process)
		return
	}
	redis.SetLogger(new(logging.VoidLogger)) // many tests lose connections
	code := m.Run()
	closeShared()
	os.Exit(code)
}

// shared are servers that all tests use, under prefixes of their own.
var shared struct {
	sync.Mutex
	single  *servers.Redis
	cluster *servers.RedisCluster
}

func closeShared() {
	if shared.single != nil {
		shared.single.Close()
	}
	if shared.cluster != nil {
		shared.cluster.Close()
	}
}

func sharedRedis(t testing.TB) *servers.Redis {
	t.Helper()
	servers.Need(t, "redis-server", "redis-server")
	shared.Lock()
	defer shared.Unlock()
	if shared.single == nil {
		var err error
		if shared.single, err = servers.StartRedis(); err != nil {
			t.Fatal(err)
		}
	}
	return shared.single
}

func sharedCluster(t testing.TB) *servers.RedisCluster {
	t.Helper()
	servers.NeedRedisCluster(t)
	shared.Lock()
	defer shared.Unlock()
	if shared.cluster == nil {
		var err error
		if shared.cluster, err = servers.StartRedisCluster(); err != nil {
			t.Fatal(err)
		}
	}
	return shared.cluster
}

// newClient returns a client as redisstore wants it.
func newClient(t testing.TB, addr string) *redis.Client {
	t.Helper()
	client := redis.NewClient(&redis.Options{Addr: addr, ContextTimeoutEnabled: true, DialTimeout: patience})
	t.Cleanup(func() { client.Close() })
	return client
}

func newClusterClient(t testing.TB, addrs []string) *redis.ClusterClient {
	t.Helper()
	client := redis.NewClusterClient(&redis.ClusterOptions{Addrs: addrs, ContextTimeoutEnabled: true})
	t.Cleanup(func() { client.Close() })
	return client
}

// onBoth runs a test on Redis alone and on a Cluster. connect returns a new client.
func onBoth(t *testing.T, test func(t *testing.T, connect func(t testing.TB) redis.UniversalClient)) {
	t.Run("alone", func(t *testing.T) {
		server := sharedRedis(t)
		test(t, func(t testing.TB) redis.UniversalClient { return newClient(t, server.Addr) })
	})
	t.Run("cluster", func(t *testing.T) {
		cluster := sharedCluster(t)
		test(t, func(t testing.TB) redis.UniversalClient { return newClusterClient(t, cluster.Addrs()) })
	})
}

// newPrefix returns a prefix that no other test has.
func newPrefix() string { return rand.Text() }

// trips counts the commands that a client sends.
type trips struct {
	mu    sync.Mutex
	count int
}

func (c *trips) DialHook(next redis.DialHook) redis.DialHook { return next }

func (c *trips) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func (c *trips) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		c.mu.Lock()
		c.count++
		c.mu.Unlock()
		return next(ctx, cmd)
	}
}

func (c *trips) total() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.count
}
