package redis_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/engines/servers"
	"github.com/bearergate/bearergate/redisstore"
)

var (
	_ redisstore.Cache = (*bearergate.CachedGrants)(nil)
	_ redisstore.Cache = (*bearergate.CachedLookup)(nil)
)

func init() { processes["grants"] = enforceInProcess }

// grantsInput is a process with cached grants: the grants come from one server, and
// their revocations perhaps through a proxy.
type grantsInput struct {
	Addr, Proxy, ID string
	MaxAge          time.Duration
}

type grantsResult struct {
	Revoked time.Time // when the first request was refused
	Queries int
	Error   string
}

// enforceInProcess requires the grant until it is revoked.
func enforceInProcess(data json.RawMessage, start func()) any {
	var in grantsInput
	json.Unmarshal(data, &in)
	direct := redis.NewClient(&redis.Options{Addr: in.Addr, ContextTimeoutEnabled: true})
	result := grantsResult{}
	store := bearergate.GrantStoreFunc(func(ctx context.Context, id string) (bearergate.Grant, error) {
		result.Queries++
		g := bearergate.Grant{ID: id}
		revoked, err := direct.Exists(ctx, "revoked:"+id).Result()
		if revoked == 1 {
			g.RevokedAt = time.Now()
		}
		return g, err
	})
	grants, err := bearergate.NewCachedGrants(store, bearergate.CacheConfig{MaxAge: in.MaxAge, MaxSilence: in.MaxAge})
	if err != nil {
		return grantsResult{Error: err.Error()}
	}
	r, err := redisstore.NewRevocations(redis.NewClient(&redis.Options{Addr: in.Proxy, ContextTimeoutEnabled: true}), "grants")
	if err != nil {
		return grantsResult{Error: err.Error()}
	}
	go r.Run(context.Background(), grants)
	time.Sleep(time.Second) // two proofs
	for n := 0; ; n++ {
		if n == 1000 {
			start()
		}
		g, err := grants.Grant(context.Background(), in.ID)
		if err != nil {
			result.Error = err.Error()
			return result
		}
		if !g.RevokedAt.IsZero() {
			result.Revoked = time.Now()
			return result
		}
		time.Sleep(100 * time.Microsecond)
	}
}

func TestRevocationIsEnforcedInAnotherProcess(t *testing.T) {
	server := servers.NewRedis(t)
	client := newClient(t, server.Addr)
	const age = 3 * time.Second
	for _, c := range []struct {
		name string
		lose func(*servers.Proxy)
		want time.Duration
	}{
		{"channel", func(*servers.Proxy) {}, 100 * time.Millisecond},
		{"cut", (*servers.Proxy).Cut, age},
		{"black hole", (*servers.Proxy).Hold, age},
	} {
		t.Run(c.name, func(t *testing.T) {
			proxy, id := servers.NewProxy(t, server.Addr), newPrefix()
			other := spawn(t, "grants", grantsInput{server.Addr, proxy.Addr, id, age})
			other.begin()
			time.Sleep(100 * time.Millisecond)
			c.lose(proxy)
			revoked := time.Now()
			if err := client.Set(t.Context(), "revoked:"+id, 1, time.Minute).Err(); err != nil {
				t.Fatal(err)
			}
			publish(t, newRevocations(t, client, "grants"), id)
			var result grantsResult
			other.read(&result)
			took := result.Revoked.Sub(revoked)
			t.Logf("enforced after %v, with %d queries", took, result.Queries)
			if result.Error != "" || took > c.want || result.Queries > 100 {
				t.Errorf("got the revocation enforced after %v with %d queries and the error %q, want %v at most, few queries and none", took, result.Queries, result.Error, c.want)
			}
		})
	}
}
