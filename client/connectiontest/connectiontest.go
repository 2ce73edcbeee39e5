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
		{"a revision that does not follow is ErrConflict", otherRevisionIsConflict},
		{"one of concurrent saves takes effect", oneSaveTakesEffect},
		{"SaveConnection saves whatever is stored", saveConnectionSaves},
		{"a lock has one holder", lockHasOneHolder},
		{"waiting for a lock ends with the context", waitingEndsWithContext},
		{"ids have locks of their own", idsHaveLocksOfTheirOwn},
		{"an unlocked id can be locked again", unlockedCanBeLocked},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, newStore(t)) })
	}
}

func unknownIsNoConnection(t *testing.T, store client.ConnectionStore) {
	save(t, store, "other", client.Connection{RefreshToken: "refresh", Revision: 1})
	if _, err := store.Load(t.Context(), "a"); !errors.Is(err, client.ErrNoConnection) {
		t.Errorf("Load of an id that was never saved: got error %v, want one that wraps ErrNoConnection", err)
	}
}

func savedIsLoaded(t *testing.T, store client.ConnectionStore) {
	dead := fullConnection()
	living := dead
	living.RefreshToken, living.Dead = "another", ""
	connections := map[string]client.Connection{"a": dead, "b": living, "a/b": {Revision: 2}, "ü ' \"": dead}
	for id, c := range connections {
		save(t, store, id, client.Connection{RefreshToken: "before", Dead: bearergate.ErrInvalidGrant, Revision: 1})
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
		Revision:     2,
	}
}

func inUTC(c client.Connection) client.Connection {
	for _, t := range []*time.Time{&c.Access.IssuedAt, &c.Access.ExpiresAt, &c.Installation.IssuedAt, &c.Installation.ExpiresAt} {
		*t = t.UTC()
	}
	return c
}

func otherRevisionIsConflict(t *testing.T, store client.ConnectionStore) {
	conflict := func(revision int64) {
		t.Helper()
		err := store.Save(t.Context(), "a", client.Connection{RefreshToken: "another", Revision: revision})
		if !errors.Is(err, client.ErrConflict) {
			t.Errorf("Save of revision %d: got error %v, want one that wraps ErrConflict", revision, err)
		}
	}
	conflict(0)
	conflict(2)
	if _, err := store.Load(t.Context(), "a"); !errors.Is(err, client.ErrNoConnection) {
		t.Errorf("Load after conflicts alone: got error %v, want one that wraps ErrNoConnection", err)
	}
	want := client.Connection{RefreshToken: "refresh", Revision: 1}
	save(t, store, "a", want)
	for _, revision := range []int64{0, 1, 3} {
		conflict(revision)
	}
	if got, err := store.Load(t.Context(), "a"); err != nil || got.RefreshToken != want.RefreshToken || got.Revision != 1 {
		t.Errorf("Load after conflicts: got %+v, %v, want %+v", got, err, want)
	}
}

// concurrent is how many calls a test makes at once.
const concurrent = 20

func oneSaveTakesEffect(t *testing.T, store client.ConnectionStore) {
	const rounds = 20
	for round := range int64(rounds) {
		var all sync.WaitGroup
		var saved sync.Map
		for n := range concurrent {
			all.Go(func() {
				token := fmt.Sprint(round, " ", n)
				err := store.Save(t.Context(), "a", client.Connection{RefreshToken: token, Revision: round + 1})
				switch {
				case err == nil:
					saved.Store(token, true)
				case !errors.Is(err, client.ErrConflict):
					t.Errorf("concurrent Save: got error %v, want none or one that wraps ErrConflict", err)
				}
			})
		}
		all.Wait()
		wantOneSaved(t, store, &saved)
	}
}

// wantOneSaved wants the one connection that was saved to be stored.
func wantOneSaved(t *testing.T, store client.ConnectionStore, saved *sync.Map) {
	t.Helper()
	stored, err := store.Load(t.Context(), "a")
	if _, ok := saved.Load(stored.RefreshToken); err != nil || !ok {
		t.Errorf("Load after concurrent saves: got %+v, %v, want what one of them saved", stored, err)
	}
	count := 0
	saved.Range(func(any, any) bool { count++; return true })
	if count != 1 {
		t.Errorf("concurrent saves of one revision that returned nil: got %d, want 1", count)
	}
}

func saveConnectionSaves(t *testing.T, store client.ConnectionStore) {
	var all sync.WaitGroup
	for n := range concurrent {
		all.Go(func() {
			if err := client.SaveConnection(t.Context(), store, "a", client.Connection{RefreshToken: fmt.Sprint(n)}); err != nil {
				t.Errorf("SaveConnection: got error %v, want none", err)
			}
		})
	}
	all.Wait()
	if got, err := store.Load(t.Context(), "a"); err != nil || got.Revision != concurrent {
		t.Errorf("Revision after %d calls of SaveConnection: got %d, %v", concurrent, got.Revision, err)
	}
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
