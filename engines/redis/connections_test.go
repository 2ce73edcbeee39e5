package redis_test

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"

	"github.com/bearergate/bearergate/client"
	"github.com/bearergate/bearergate/client/connectiontest"
	"github.com/bearergate/bearergate/redisstore"
)

func newKey(t testing.TB) cipher.AEAD {
	t.Helper()
	key := make([]byte, 32)
	rand.Read(key)
	block, err := aes.NewCipher(key)
	if err != nil {
		t.Fatal(err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		t.Fatal(err)
	}
	return aead
}

func TestConnections(t *testing.T) {
	onBoth(t, func(t *testing.T, connect func(testing.TB) redis.UniversalClient) {
		c := connect(t)
		connectiontest.Run(t, func(t *testing.T) func() client.ConnectionStore {
			open, key := newOpen(t, c), newKey(t)
			return func() client.ConnectionStore { return open().Connections(key) }
		})
	})
}

func saveConnection(t testing.TB, store client.ConnectionStore, id string, c client.Connection) {
	t.Helper()
	if err := store.Save(t.Context(), id, c); err != nil {
		t.Fatalf("Save: got the error %v, want none", err)
	}
}

func hasConnection(t testing.TB, store client.ConnectionStore, id string, want client.Connection) {
	t.Helper()
	got, err := store.Load(t.Context(), id)
	if err != nil || !cmp.Equal(got, want) {
		t.Errorf("Load: got %+v, %v, want %+v", got, err, want)
	}
}

func lockConnection(t testing.TB, store client.ConnectionStore, id string) (unlock func()) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	unlock, err := store.Lock(ctx, id)
	if err != nil {
		t.Fatalf("Lock: got the error %v, want none", err)
	}
	return unlock
}

// isLocked tests that another handle does not get the lock.
func isLocked(t testing.TB, store client.ConnectionStore, id string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if unlock, err := store.Lock(ctx, id); err == nil {
		unlock()
		t.Error("Lock: got the lock, want it held")
	}
}

// Rules: S8.31, S8.34.
func TestHolderOfExpiredLockReplacesNothing(t *testing.T) {
	onBoth(t, func(t *testing.T, connect func(testing.TB) redis.UniversalClient) {
		raw, key := connect(t), newKey(t)
		c := redisstore.Config{Prefix: newPrefix()}
		if err := redisstore.Setup(t.Context(), raw, c); err != nil {
			t.Fatal(err)
		}
		one, other := newStore(t, connect(t), c).Connections(key), newStore(t, connect(t), c).Connections(key)
		saveConnection(t, one, "id", client.Connection{RefreshToken: "first", Revision: 1})

		unlockOne := lockConnection(t, one, "id")
		isLocked(t, other, "id")
		lock := "{" + c.Prefix + "}lock:id"
		if ttl := raw.PTTL(t.Context(), lock).Val(); ttl < 30*time.Second {
			t.Errorf("got a lock for %v, want half a minute at least", ttl)
		}
		raw.PExpire(t.Context(), lock, time.Millisecond)
		time.Sleep(20 * time.Millisecond)
		unlockOther := lockConnection(t, other, "id")

		want := client.Connection{RefreshToken: "second", Revision: 2}
		saveConnection(t, other, "id", want)
		if err := one.Save(t.Context(), "id", client.Connection{RefreshToken: "stale", Revision: 2}); !errors.Is(err, client.ErrConflict) {
			t.Errorf("Save after the lock expired: got the error %v, want ErrConflict", err)
		}
		hasConnection(t, one, "id", want)

		unlockOne()
		isLocked(t, one, "id")
		unlockOther()
		lockConnection(t, one, "id")()
	})
}

func TestConnectionsAreSealed(t *testing.T) {
	raw, former, key := newClient(t, sharedRedis(t).Addr), newKey(t), newKey(t)
	c := redisstore.Config{Prefix: newPrefix()}
	if err := redisstore.Setup(t.Context(), raw, c); err != nil {
		t.Fatal(err)
	}
	store := newStore(t, raw, c)
	want := client.Connection{GrantID: "grant", RefreshToken: "the refresh token", Revision: 1}
	saveConnection(t, store.Connections(former), "id", want)
	hasConnection(t, store.Connections(key, former), "id", want)

	name := "{" + c.Prefix + "}connection:"
	if data := raw.HGet(t.Context(), name+"id", "data").Val(); data == "" || strings.Contains(data, want.RefreshToken) {
		t.Errorf("got the record %q in Redis, want it encrypted", data)
	}
	if err := raw.Copy(t.Context(), name+"id", name+"other", 0, false).Err(); err != nil {
		t.Fatal(err)
	}
	for _, broken := range []struct {
		name, id string
		store    client.ConnectionStore
	}{
		{"another key", "id", store.Connections(key)},
		{"another id", "other", store.Connections(former)},
	} {
		if got, err := broken.store.Load(t.Context(), broken.id); err == nil || errors.Is(err, client.ErrNoConnection) {
			t.Errorf("Load with %s: got %+v, %v, want an error other than ErrNoConnection", broken.name, got, err)
		}
	}
}
