package redis_test

import (
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/bearergate/bearergate/engines/servers"
	"github.com/bearergate/bearergate/redisstore"
)

// wrapped is a client that hides its options.
type wrapped struct{ redis.UniversalClient }

func TestClientsThatBreakAPromiseAreRefused(t *testing.T) {
	for _, c := range []struct {
		name   string
		client redis.UniversalClient
		want   []string
	}{
		{"no client", nil, []string{"the client is nil"}},
		{"a nil client", (*redis.Client)(nil), []string{"the client is nil"}},
		{"a nil cluster client", (*redis.ClusterClient)(nil), []string{"the client is nil"}},
		{"no deadlines", redis.NewClient(&redis.Options{}), []string{"Options.ContextTimeoutEnabled"}},
		{"no deadlines on a cluster", redis.NewClusterClient(&redis.ClusterOptions{}), []string{"ClusterOptions.ContextTimeoutEnabled"}},
		{"reads from replicas", redis.NewClusterClient(&redis.ClusterOptions{ContextTimeoutEnabled: true, ReadOnly: true}), []string{"ClusterOptions.ReadOnly"}},
		{"reads from the nearest", redis.NewClusterClient(&redis.ClusterOptions{ContextTimeoutEnabled: true, RouteByLatency: true}), []string{"ClusterOptions.RouteByLatency"}},
		{"reads from any", redis.NewClusterClient(&redis.ClusterOptions{RouteRandomly: true}), []string{"ClusterOptions.RouteRandomly", "ClusterOptions.ContextTimeoutEnabled"}},
		{"a ring", redis.NewRing(&redis.RingOptions{ContextTimeoutEnabled: true}), []string{"redis.Ring"}},
		{"a client without options", wrapped{redis.NewClient(&redis.Options{ContextTimeoutEnabled: true})}, []string{"redis_test.wrapped"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			for name, call := range map[string]func() error{
				"Setup": func() error { return redisstore.Setup(t.Context(), c.client, redisstore.Config{}) },
				"New":   func() error { _, err := redisstore.New(t.Context(), c.client, redisstore.Config{}); return err },
				"NewLimiter": func() error {
					_, err := redisstore.NewLimiter(c.client, "budget:", 1, time.Minute)
					return err
				},
				"NewRevocations": func() error { _, err := redisstore.NewRevocations(c.client, "grants"); return err },
			} {
				isRefused(t, name, call(), c.want...)
			}
		})
	}
}

func isRefused(t *testing.T, name string, err error, want ...string) {
	t.Helper()
	for _, text := range want {
		if err == nil || !strings.Contains(err.Error(), text) {
			t.Errorf("%s: got the error %v, want one with %q", name, err, text)
		}
	}
}

func TestSettingsThatCannotWorkAreRefused(t *testing.T) {
	client := newClient(t, "127.0.0.1:1")
	for _, c := range []struct {
		want, prefix string
		requests     uint64
		window       time.Duration
	}{
		{"prefix", "", 1, time.Minute},
		{"0 requests", "budget:", 0, time.Minute},
		{"9007199254740993 requests", "budget:", 1<<53 + 1, time.Minute},
		{"999", "budget:", 1, 999 * time.Microsecond},
		{"window -1s", "budget:", 1, -time.Second},
	} {
		_, err := redisstore.NewLimiter(client, c.prefix, c.requests, c.window)
		isRefused(t, "NewLimiter", err, c.want)
	}
	_, err := redisstore.NewRevocations(client, "")
	isRefused(t, "NewRevocations", err, "channel")
	_, err = redisstore.New(t.Context(), client, redisstore.Config{Prefix: "a{b"})
	isRefused(t, "New", err, "Config.Prefix")
}

func TestRedisThatEvictsIsRefused(t *testing.T) {
	client := newClient(t, servers.NewRedis(t, "--maxmemory-policy", "allkeys-lru").Addr)
	isRefused(t, "Setup", redisstore.Setup(t.Context(), client, redisstore.Config{}), "allkeys-lru", "noeviction")
	client.ConfigSet(t.Context(), "maxmemory-policy", "noeviction")
	if err := redisstore.Setup(t.Context(), client, redisstore.Config{}); err != nil {
		t.Fatal(err)
	}
	client.ConfigSet(t.Context(), "maxmemory-policy", "volatile-ttl")
	_, err := redisstore.New(t.Context(), client, redisstore.Config{})
	isRefused(t, "New", err, "volatile-ttl", "noeviction")
}

func TestRedisWithoutSetupIsRefused(t *testing.T) {
	onBoth(t, func(t *testing.T, connect func(testing.TB) redis.UniversalClient) {
		_, err := redisstore.New(t.Context(), connect(t), redisstore.Config{Prefix: newPrefix()})
		isRefused(t, "New", err, "Setup")
	})
}
