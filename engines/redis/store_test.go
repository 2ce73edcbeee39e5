package redis_test

import (
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/installation"
	"github.com/bearergate/bearergate/installation/opaquetest"
	"github.com/bearergate/bearergate/redisstore"
	"github.com/bearergate/bearergate/tokenendpoint"
	"github.com/bearergate/bearergate/tokenendpoint/storetest"
)

// newStores returns a handle for each client, of one new store.
func newStores(t testing.TB, clients ...redis.UniversalClient) []*redisstore.Store {
	t.Helper()
	c := redisstore.Config{Prefix: newPrefix()}
	if err := redisstore.Setup(t.Context(), clients[0], c); err != nil {
		t.Fatal(err)
	}
	var stores []*redisstore.Store
	for _, client := range clients {
		stores = append(stores, newStore(t, client, c))
	}
	return stores
}

func newStore(t testing.TB, client redis.UniversalClient, c redisstore.Config) *redisstore.Store {
	t.Helper()
	store, err := redisstore.New(t.Context(), client, c)
	if err != nil {
		t.Fatal(err)
	}
	return store
}

func TestCodes(t *testing.T) {
	onBoth(t, func(t *testing.T, connect func(testing.TB) redis.UniversalClient) {
		one, other := connect(t), connect(t)
		storetest.Run(t, func(t *testing.T) (tokenendpoint.Store, tokenendpoint.Store) {
			stores := newStores(t, one, other)
			return stores[0].Codes(), stores[1].Codes()
		})
	})
}

func TestOpaqueTokens(t *testing.T) {
	onBoth(t, func(t *testing.T, connect func(testing.TB) redis.UniversalClient) {
		one, other := connect(t), connect(t)
		opaquetest.Run(t, func(t *testing.T) (installation.SaveFunc, bearergate.OpaqueLookup) {
			stores := newStores(t, one, other)
			return stores[0].OpaqueTokens().Save, stores[1].OpaqueTokens().Lookup
		})
	})
}
