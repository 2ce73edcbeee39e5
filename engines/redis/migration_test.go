package redis_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/redisstore"
	"github.com/bearergate/bearergate/tokenendpoint"
)

// moving is a slot of a Cluster that moves from one master to another.
type moving struct {
	from, to *redis.Client
	toPort   string
	slot     int
}

// beginMove begins to move the slot of a prefix, and ends the move with the test.
func beginMove(t *testing.T, cluster *redis.ClusterClient, prefix string) *moving {
	t.Helper()
	slot := int(cluster.ClusterKeySlot(t.Context(), prefix).Val())
	from, err := cluster.MasterForKey(t.Context(), prefix)
	fatal(t, err)
	m := &moving{from: newClient(t, from.Options().Addr), slot: slot}
	var masters sync.Map // of addresses, since they are reached concurrently
	fatal(t, cluster.ForEachMaster(t.Context(), func(_ context.Context, master *redis.Client) error {
		masters.Store(master.Options().Addr, true)
		return nil
	}))
	for addr := range masters.Range {
		if addr := addr.(string); addr != from.Options().Addr {
			m.to = newClient(t, addr)
			_, m.toPort, _ = strings.Cut(addr, ":")
		}
	}
	source, destination := m.id(t, m.from), m.id(t, m.to)
	fatal(t, m.to.Do(t.Context(), "CLUSTER", "SETSLOT", slot, "IMPORTING", source).Err())
	fatal(t, m.from.Do(t.Context(), "CLUSTER", "SETSLOT", slot, "MIGRATING", destination).Err())
	t.Cleanup(func() {
		m.move(t, m.from.ClusterGetKeysInSlot(context.Background(), slot, 1000).Val()...)
		for _, node := range []*redis.Client{m.to, m.from} {
			fatal(t, node.Do(context.Background(), "CLUSTER", "SETSLOT", slot, "NODE", destination).Err())
		}
	})
	return m
}

func (m *moving) id(t *testing.T, node *redis.Client) string {
	t.Helper()
	id, err := node.Do(t.Context(), "CLUSTER", "MYID").Text()
	fatal(t, err)
	return id
}

// move moves keys, as redis-cli does.
func (m *moving) move(t *testing.T, keys ...string) {
	t.Helper()
	for _, key := range keys {
		fatal(t, m.from.Migrate(context.Background(), "127.0.0.1", m.toPort, key, 0, 5*time.Second).Err())
	}
}

func fatal(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestMovingSlotDeniesNoToken moves the keys of a Cluster's slot one by one, in an
// order in which those come last that the others depend on. Until all have arrived,
// calls may fail, and none says that a token is unknown.
//
// Rules: S7.64.
func TestMovingSlotDeniesNoToken(t *testing.T) {
	cluster := newClusterClient(t, sharedCluster(t).Addrs())
	c := redisstore.Config{Prefix: newPrefix()}
	fatal(t, redisstore.Setup(t.Context(), cluster, c))
	store := newStore(t, cluster, c)
	codes, sum, unused, opaque := store.Codes(), newSum(), newSum(), newSum()
	fatal(t, codes.SaveCode(t.Context(), sum, newCode("grant")))
	fatal(t, codes.SaveCode(t.Context(), unused, newCode("grant")))
	if got, err := codes.Consume(t.Context(), sum, time.Now(), newFamily("family", "grant")); got != tokenendpoint.Fresh {
		t.Fatalf("Consume: got %v, %v, want Fresh", got, err)
	}
	fatal(t, store.OpaqueTokens().Save(t.Context(), opaque, bearergate.Claims{Type: bearergate.AccessToken, ID: tokenIDs("A")[0], ExpiresAt: time.Now().Add(time.Hour)}))
	denies := func(after string) {
		t.Helper()
		if _, found, err := codes.Code(t.Context(), unused); err == nil && !found {
			t.Errorf("after %q moved: Code: got none, want the code or an error", after)
		}
		if _, found, err := codes.Family(t.Context(), "family"); err == nil && !found {
			t.Errorf("after %q moved: Family: got none, want the family or an error", after)
		}
		if got, err := codes.Consume(t.Context(), sum, time.Now(), newFamily("family", "grant")); err == nil && got != tokenendpoint.Used {
			t.Errorf("after %q moved: Consume: got %v, want Used or an error", after, got)
		}
		if _, err := store.OpaqueTokens().Lookup(t.Context(), opaque); errors.Is(err, bearergate.ErrInvalidToken) {
			t.Errorf("after %q moved: Lookup: got %v, want the token or another error", after, err)
		}
	}
	m := beginMove(t, cluster, "{"+c.Prefix+"}")
	for _, kind := range []string{"alive", "code:", "family:", "opaque:", "opaque-family:", "grant:"} {
		for _, key := range m.from.ClusterGetKeysInSlot(t.Context(), m.slot, 1000).Val() {
			if strings.HasPrefix(key, "{"+c.Prefix+"}"+kind) {
				m.move(t, key)
				denies(key)
			}
		}
	}
	for name, err := range map[string]error{
		"Code":   second(codes.Code(t.Context(), unused)),
		"Family": second(codes.Family(t.Context(), "family")),
	} {
		if err != nil {
			t.Errorf("%s after all moved: got the error %v, want none", name, err)
		}
	}
}

func second[T any](_ T, _ bool, err error) error { return err }
