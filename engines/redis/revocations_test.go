package redis_test

import (
	"context"
	"encoding/json"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/bearergate/bearergate/engines/servers"
	"github.com/bearergate/bearergate/redisstore"
)

// cache records what a channel reports.
type cache struct {
	mu        sync.Mutex
	forgotten []string
	emptied   int
	proven    time.Time
}

func (c *cache) Forget(id string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.forgotten = append(c.forgotten, id)
}

func (c *cache) ForgetAll() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.emptied++
}

func (c *cache) Alive(at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.proven = at
}

func (c *cache) has(id string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Contains(c.forgotten, id)
}

func (c *cache) timesEmptied() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.emptied
}

// provenAt returns the time before which all revocations have arrived.
func (c *cache) provenAt() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.proven
}

func newRevocations(t testing.TB, client redis.UniversalClient, channel string) *redisstore.Revocations {
	t.Helper()
	r, err := redisstore.NewRevocations(client, channel)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// run passes revocations to the cache until the test ends.
func run(t testing.TB, r *redisstore.Revocations, c *cache) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { r.Run(ctx, c); close(ended) }()
	t.Cleanup(func() {
		cancel()
		select {
		case <-ended:
		case <-time.After(patience):
			t.Errorf("Run: got no return in %v, want one when its context ends", patience)
		}
	})
	recovers(t, func() bool { return !c.provenAt().IsZero() })
	if got := c.timesEmptied(); got != 1 {
		t.Errorf("got %d times ForgetAll, want 1 before the first proof", got)
	}
}

func publish(t testing.TB, r *redisstore.Revocations, id string) {
	t.Helper()
	if err := r.Publish(t.Context(), id); err != nil {
		t.Fatalf("Publish: got the error %v, want none", err)
	}
}

func TestRevocationsReachAllCaches(t *testing.T) {
	onBoth(t, func(t *testing.T, connect func(testing.TB) redis.UniversalClient) {
		channel, one, two, other := newPrefix(), new(cache), new(cache), new(cache)
		run(t, newRevocations(t, connect(t), channel), one)
		run(t, newRevocations(t, connect(t), channel), two)
		run(t, newRevocations(t, connect(t), newPrefix()), other)
		r := newRevocations(t, connect(t), channel)
		var longest time.Duration
		for _, id := range append(everyByte(), "") {
			began := time.Now()
			publish(t, r, id)
			recovers(t, func() bool { return one.has(id) && two.has(id) })
			longest = max(longest, time.Since(began))
		}
		t.Logf("the longest revocation took %v, with the polling of the test", longest)
		if other.has("") || longest > time.Second {
			t.Errorf("got a revocation in another channel: %v, or after %v", other.has(""), longest)
		}
	})
}

// everyByte returns ids that together have every byte.
func everyByte() []string {
	var ids []string
	for b := range 256 {
		ids = append(ids, "x"+string([]byte{byte(b)})+"y")
	}
	return ids
}

func init() { processes["revocations"] = cacheInProcess }

type revocationInput struct{ Addr, Channel, ID string }

// cacheInProcess waits for a revocation, and returns when it arrived.
func cacheInProcess(data json.RawMessage, start func()) any {
	var in revocationInput
	json.Unmarshal(data, &in)
	client, c := redis.NewClient(&redis.Options{Addr: in.Addr, ContextTimeoutEnabled: true}), new(cache)
	r, err := redisstore.NewRevocations(client, in.Channel)
	if err != nil {
		return err.Error()
	}
	go r.Run(context.Background(), c)
	for c.provenAt().IsZero() {
		time.Sleep(time.Millisecond)
	}
	start()
	for !c.has(in.ID) {
		time.Sleep(100 * time.Microsecond)
	}
	return time.Now()
}

func TestRevocationReachesAnotherProcessIn100Milliseconds(t *testing.T) {
	addr := sharedRedis(t).Addr
	var took []time.Duration
	for range 20 {
		in := revocationInput{addr, newPrefix(), "grant"}
		other := spawn(t, "revocations", in)
		other.begin()
		began, arrived := time.Now(), time.Time{}
		publish(t, newRevocations(t, newClient(t, addr), in.Channel), in.ID)
		other.read(&arrived)
		took = append(took, arrived.Sub(began))
	}
	slices.Sort(took)
	t.Logf("20 revocations: median %v, longest %v", took[10], took[19])
	if took[10] > 100*time.Millisecond {
		t.Errorf("got revocations after %v, want 100ms at most", took)
	}
}

// TestLostChannelGivesNoProof cuts the connection or lets it hang: no proof covers a
// revocation that did not arrive, and everything is forgotten when it works again.
func TestLostChannelGivesNoProof(t *testing.T) {
	server := servers.NewRedis(t)
	for name, lose := range map[string]func(*servers.Proxy){"cut": (*servers.Proxy).Cut, "black hole": (*servers.Proxy).Hold} {
		t.Run(name, func(t *testing.T) {
			proxy, channel, c := servers.NewProxy(t, server.Addr), newPrefix(), new(cache)
			run(t, newRevocations(t, newClient(t, proxy.Addr), channel), c)
			direct := newRevocations(t, newClient(t, server.Addr), channel)
			publish(t, direct, "before")
			recovers(t, func() bool { return c.has("before") })

			lose(proxy)
			emptied := c.timesEmptied()
			publish(t, direct, "meanwhile")
			published := time.Now()
			for range 100 {
				if c.provenAt().After(published) && !c.has("meanwhile") && c.timesEmptied() == emptied {
					t.Fatal("got a proof that covers a revocation which did not arrive")
				}
				time.Sleep(10 * time.Millisecond)
			}
			time.Sleep(3 * time.Second) // until the subscription gives up a connection that hangs
			proxy.Heal()
			recovers(t, func() bool { return c.provenAt().After(published) })
			if !c.has("meanwhile") && c.timesEmptied() == emptied {
				t.Error("got neither the revocation nor ForgetAll before the next proof, want one of them")
			}
			publish(t, direct, "after")
			recovers(t, func() bool { return c.has("after") })
		})
	}
}

func TestKilledSubscriptionForgetsAll(t *testing.T) {
	server := servers.NewRedis(t)
	client, channel, c := newClient(t, server.Addr), newPrefix(), new(cache)
	r := newRevocations(t, client, channel)
	run(t, r, c)
	for n := range 5 {
		if err := client.ClientKillByFilter(t.Context(), "TYPE", "pubsub").Err(); err != nil {
			t.Fatal(err)
		}
		recovers(t, func() bool { return c.timesEmptied() == n+2 })
		id := newPrefix()
		publish(t, r, id)
		recovers(t, func() bool { return c.has(id) })
	}
}

// TestSubscriptionThatIsCutAgainAndAgainIsTriedLessOften lets no subscription live
// longer than a few milliseconds.
func TestSubscriptionThatIsCutAgainAndAgainIsTriedLessOften(t *testing.T) {
	client, c := newClient(t, servers.NewRedis(t).Addr), new(cache)
	r := newRevocations(t, client, "grants")
	run(t, r, c)
	for began := time.Now(); time.Since(began) < 2*time.Second; time.Sleep(2 * time.Millisecond) {
		fatal(t, client.ClientKillByFilter(t.Context(), "TYPE", "pubsub").Err())
	}
	if got := c.timesEmptied(); got > 15 {
		t.Errorf("got %d times ForgetAll in 2s, want 15 at most", got)
	}
	recovers(t, func() bool { publish(t, r, "grant"); return c.has("grant") })
}
