package budgets_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/engines/servers"
	"github.com/bearergate/bearergate/redisstore"
	"github.com/go-redis/redis_rate/v10"
	"github.com/gomodule/redigo/redis"
	goredis "github.com/redis/go-redis/v9"
	peer "github.com/sethvargo/go-redisstore"
)

// limit is the budget of a minute, more than a benchmark takes.
const limit = 1 << 40

// take counts one more request of the key.
type take func(ctx context.Context, key string) error

// limiters are the ones that are compared, by name.
func limiters(tb testing.TB, addr string) map[string]take {
	client := goredis.NewClient(&goredis.Options{Addr: addr, ContextTimeoutEnabled: true})
	tb.Cleanup(func() { client.Close() })
	memory, err := bearergate.PerMinute(limit)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { memory.Close() })
	theirs, err := peer.New(&peer.Config{Tokens: limit, Interval: time.Minute, Dial: func() (redis.Conn, error) { return redis.Dial("tcp", addr) }})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { theirs.Close(context.Background()) })
	rate := redis_rate.NewLimiter(client)
	return map[string]take{
		"memory":             of(memory),
		"redisstore":         of(shared(tb, client, "leases:")),
		"redisstore, 1 trip": of(shared(tb, client, "trips:", redisstore.WithoutLeases())),
		"go-redisstore": func(ctx context.Context, key string) error {
			_, _, _, _, err := theirs.Take(ctx, "peer:"+key)
			return err
		},
		"redis_rate": func(ctx context.Context, key string) error {
			_, err := rate.Allow(ctx, key, redis_rate.PerMinute(limit))
			return err
		},
	}
}

func shared(tb testing.TB, client goredis.UniversalClient, prefix string, opts ...redisstore.LimiterOption) bearergate.Limiter {
	l, err := redisstore.NewLimiter(client, prefix, limit, time.Minute, opts...)
	if err != nil {
		tb.Fatal(err)
	}
	return l
}

func of(l bearergate.Limiter) take {
	return func(ctx context.Context, key string) error {
		_, err := l.Take(ctx, key)
		return err
	}
}

// BenchmarkTake takes from one key, as one busy installation does.
func BenchmarkTake(b *testing.B) {
	r := servers.NewRedis(b)
	for name, take := range limiters(b, r.Addr) {
		for _, goroutines := range []int{1, 8} {
			b.Run(fmt.Sprintf("%s/%d", name, goroutines), func(b *testing.B) {
				b.ReportAllocs()
				b.SetParallelism(goroutines)
				b.RunParallel(func(pb *testing.PB) {
					for pb.Next() {
						if err := take(b.Context(), "hot"); err != nil {
							b.Error(err)
						}
					}
				})
			})
		}
	}
}

// TestEachLimiterAnswers holds that the benchmark measures answers.
func TestEachLimiterAnswers(t *testing.T) {
	r := servers.NewRedis(t)
	for name, take := range limiters(t, r.Addr) {
		if err := take(t.Context(), "key"); err != nil {
			t.Errorf("%s: got the error %v, want none", name, err)
		}
	}
}
