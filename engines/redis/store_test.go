package redis_test

import (
	"testing"

	"github.com/redis/go-redis/v9"

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

// newOpen returns a function that opens handles of one new store.
func newOpen(t testing.TB, client redis.UniversalClient) func() *redisstore.Store {
	t.Helper()
	c := redisstore.Config{Prefix: newPrefix()}
	if err := redisstore.Setup(t.Context(), client, c); err != nil {
		t.Fatal(err)
	}
	return func() *redisstore.Store { return newStore(t, client, c) }
}

func TestCodes(t *testing.T) {
	onBoth(t, func(t *testing.T, connect func(testing.TB) redis.UniversalClient) {
		client := connect(t)
		storetest.Run(t, func(t *testing.T) func() tokenendpoint.Store {
			open := newOpen(t, client)
			return func() tokenendpoint.Store { return open().Codes() }
		})
	})
}

func TestOpaqueTokens(t *testing.T) {
	onBoth(t, func(t *testing.T, connect func(testing.TB) redis.UniversalClient) {
		client := connect(t)
		opaquetest.Run(t, func(t *testing.T) func() installation.TokenStore {
			open := newOpen(t, client)
			return func() installation.TokenStore { return open().OpaqueTokens() }
		})
	})
}
