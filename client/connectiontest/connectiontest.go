// Package connectiontest tests implementations of [client.ConnectionStore].
//
//	func TestConnectionStore(t *testing.T) {
//		connectiontest.Run(t, func(t *testing.T) client.ConnectionStore {
//			return newStore(t) // yours, empty
//		})
//	}
package connectiontest

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

// Run tests that a store keeps the promises of [client.ConnectionStore]. newStore
// returns an empty store. The store must keep times to the microsecond or better.
func Run(t *testing.T, newStore func(t *testing.T) client.ConnectionStore) {
	for _, c := range []struct {
		name string
		test func(t *testing.T, store client.ConnectionStore)
	}{
		{"an unknown id is ErrNoConnection", unknownIsNoConnection},
		{"what is saved is loaded", savedIsLoaded},
		{"a lock has one holder", lockHasOneHolder},
		{"waiting for a lock ends with the context", waitingEndsWithContext},
		{"ids have locks of their own", idsHaveLocksOfTheirOwn},
		{"an unlocked id can be locked again", unlockedCanBeLocked},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, newStore(t)) })
	}
}

func unknownIsNoConnection(t *testing.T, store client.ConnectionStore) {
	save(t, store, "other", client.Connection{RefreshToken: "refresh"})
	if _, err := store.Load(t.Context(), "a"); !errors.Is(err, client.ErrNoConnection) {
		t.Errorf("Load of an id that was never saved: got error %v, want one that wraps ErrNoConnection", err)
	}
}

func savedIsLoaded(t *testing.T, store client.ConnectionStore) {
	dead := fullConnection()
	living := dead
	living.RefreshToken, living.Dead = "another", ""
	connections := map[string]client.Connection{"a": dead, "b": living, "a/b": {}, "ü ' \"": dead}
	for id, c := range connections {
		save(t, store, id, client.Connection{RefreshToken: "before", Dead: bearergate.ErrInvalidGrant})
		save(t, store, id, c)
	}
	for id, want := range connections {
		got, err := store.Load(t.Context(), id)
		if err != nil || !reflect.DeepEqual(inUTC(got), want) {
			t.Errorf("Load(%q): got %+v, %v, want %+v", id, got, err, want)
		}
	}
}

// fullConnection returns a connection with a different value in each field.
func fullConnection() client.Connection {
	now := time.Now().Truncate(time.Microsecond).UTC()
	return client.Connection{
		GrantID: "grant", RefreshToken: "refresh",
		Access:       client.StoredToken{Text: "access", IssuedAt: now, ExpiresAt: now.Add(time.Hour)},
		Installation: client.StoredToken{Text: "installation", IssuedAt: now.Add(time.Second), ExpiresAt: now.Add(time.Minute)},
		Dead:         bearergate.ErrGrantRevoked,
	}
}

func inUTC(c client.Connection) client.Connection {
	for _, t := range []*time.Time{&c.Access.IssuedAt, &c.Access.ExpiresAt, &c.Installation.IssuedAt, &c.Installation.ExpiresAt} {
		*t = t.UTC()
	}
	return c
}

func lockHasOneHolder(t *testing.T, store client.ConnectionStore) {
	unlockedCanBeLocked(t, store) // otherwise the rest would never end
	var holders [2]atomic.Int32
	var all sync.WaitGroup
	for n := range 100 {
		all.Go(func() {
			id := n % 2
			unlock, err := store.Lock(t.Context(), fmt.Sprint(id))
			if err != nil {
				t.Errorf("Lock: got error %v, want none", err)
				return
			}
			defer unlock()
			if got := holders[id].Add(1); got > 1 {
				t.Errorf("holders of a lock: got %d, want 1", got)
			}
			time.Sleep(time.Millisecond)
			holders[id].Add(-1)
		})
	}
	all.Wait()
}

func waitingEndsWithContext(t *testing.T, store client.ConnectionStore) {
	defer lock(t, store, "a")()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	answer := make(chan error, 1)
	go func() {
		_, err := store.Lock(ctx, "a")
		answer <- err
	}()
	select {
	case err := <-answer:
		if err == nil {
			t.Error("Lock of an id that stays locked: got no error, want one when the context ends")
		}
	case <-time.After(patience):
		t.Error("Lock of an id that stays locked: got no answer, want an error when the context ends")
	}
}

func idsHaveLocksOfTheirOwn(t *testing.T, store client.ConnectionStore) {
	defer lock(t, store, "a")()
	defer lock(t, store, "b")()
}

func unlockedCanBeLocked(t *testing.T, store client.ConnectionStore) {
	lock(t, store, "a")()
	lock(t, store, "a")()
}

func save(t *testing.T, store client.ConnectionStore, id string, c client.Connection) {
	t.Helper()
	if err := store.Save(t.Context(), id, c); err != nil {
		t.Fatalf("Save(%q): got error %v, want none", id, err)
	}
}

// patience is how long a test waits for a free lock.
const patience = 2 * time.Second

// lock locks id. It ends the test if the lock is not acquired.
func lock(t *testing.T, store client.ConnectionStore, id string) (unlock func()) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	release, err := store.Lock(ctx, id)
	if err != nil {
		cancel()
		t.Fatalf("Lock(%q), which is free: got error %v, want none", id, err)
	}
	return func() { release(); cancel() }
}
