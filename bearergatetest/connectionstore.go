package bearergatetest

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/client"
)

// TestConnectionStore tests that a store of connections keeps what
// [client.ConnectionStore] promises. newStore returns an empty one; times need to
// be kept to the microsecond.
func TestConnectionStore(t *testing.T, newStore func(t *testing.T) client.ConnectionStore) {
	now := time.Now().Truncate(time.Microsecond).UTC()
	connection := client.Connection{
		GrantID: DefaultGrantID, RefreshToken: "refresh",
		Access:       client.Token{Text: "access", IssuedAt: now, ExpiresAt: now.Add(time.Hour)},
		Installation: client.Token{Text: "installation", IssuedAt: now, ExpiresAt: now.Add(time.Minute)},
		Dead:         bearergate.ErrGrantRevoked,
	}
	t.Run("keeps what it is given", func(t *testing.T) {
		store, ctx := newStore(t), t.Context()
		if _, err := store.Load(ctx, "a"); !errors.Is(err, client.ErrNoConnection) {
			t.Errorf("a connection that is not there: %v, want ErrNoConnection", err)
		}
		other := connection
		other.RefreshToken, other.Dead = "another", ""
		for id, c := range map[string]client.Connection{"a": connection, "b": other, "a/b": {}, "ü ' \"": connection} {
			for _, c := range []client.Connection{{RefreshToken: "before"}, c} {
				if err := store.Save(ctx, id, c); err != nil {
					t.Fatal(err)
				}
			}
			got, err := store.Load(ctx, id)
			if err != nil || !reflect.DeepEqual(inUTC(got), c) {
				t.Errorf("%q: got %+v, %v, want %+v", id, got, err, c)
			}
		}
	})
	t.Run("locks one holder for each id", func(t *testing.T) {
		store := newStore(t)
		var holders [2]atomic.Int32
		var all sync.WaitGroup
		for n := range 100 {
			all.Go(func() {
				id := n % 2
				unlock, err := store.Lock(t.Context(), fmt.Sprint(id))
				if err != nil {
					t.Error(err)
					return
				}
				defer unlock()
				if holders[id].Add(1) > 1 {
					t.Error("two hold the lock")
				}
				time.Sleep(time.Millisecond)
				holders[id].Add(-1)
			})
		}
		all.Wait()
	})
	t.Run("waits for a lock by the context", func(t *testing.T) {
		store := newStore(t)
		unlock, err := store.Lock(t.Context(), "a")
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		defer cancel()
		if _, err := store.Lock(ctx, "a"); err == nil {
			t.Error("a lock that is held was given")
		}
		if other, err := store.Lock(t.Context(), "b"); err != nil {
			t.Errorf("the lock of another: %v", err)
		} else {
			other()
		}
		unlock()
		again, err := store.Lock(t.Context(), "a")
		if err != nil {
			t.Fatalf("a lock that was let go: %v", err)
		}
		again()
	})
}

func inUTC(c client.Connection) client.Connection {
	for _, t := range []*time.Time{&c.Access.IssuedAt, &c.Access.ExpiresAt, &c.Installation.IssuedAt, &c.Installation.ExpiresAt} {
		*t = t.UTC()
	}
	return c
}
