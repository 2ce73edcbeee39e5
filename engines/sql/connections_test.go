package sql_test

import (
	"bytes"
	"context"
	"crypto/cipher"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bearergate/bearergate/client"
)

func wantText(t testing.TB, err error, want string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got error %v, want one with %q", err, want)
	}
}

func TestConnectionsAreSealed(t *testing.T) {
	onEach(t, both, func(t *testing.T, e engine) {
		d := e.database(t)
		store, db := d.store(t), d.pool(t)
		must(t, store.Connections(aead(t, 1)).Save(t.Context(), "user-1", client.Connection{GrantID: "grant-1", RefreshToken: "refresh-token", Revision: 1}))
		var sealed []byte
		must(t, db.QueryRowContext(t.Context(), "SELECT sealed FROM "+d.table("connections")).Scan(&sealed))
		for _, secret := range []string{"refresh-token", "grant-1", "user-1"} {
			if bytes.Contains(sealed, []byte(secret)) {
				t.Errorf("got %q in the sealed connection, want it encrypted", secret)
			}
		}
		exec(t, db, "UPDATE "+d.table("connections")+" SET id = $1", []byte("user-2"))
		_, err := store.Connections(aead(t, 1)).Load(t.Context(), "user-2")
		wantFailed(t, "a connection that was moved to another id", err)
	})
}

// wantFailed wants an error of the store, which ends no connection.
func wantFailed(t *testing.T, name string, err error) {
	t.Helper()
	if err == nil || errors.Is(err, client.ErrNoConnection) || errors.Is(err, client.ErrConflict) {
		t.Errorf("Load of %s: got error %v, want that of a store that failed", name, err)
	}
}

func TestKeysAreReplaced(t *testing.T) {
	onEach(t, both, func(t *testing.T, e engine) {
		s := e.database(t).store(t)
		before, after := aead(t, 1), aead(t, 2)
		connection := client.Connection{RefreshToken: "refresh", Revision: 1}
		must(t, s.Connections(before).Save(t.Context(), "a", connection))
		for _, step := range []struct {
			name string
			key  cipher.AEAD
			also []cipher.AEAD
		}{
			{"the new key may be read", before, []cipher.AEAD{after}},
			{"the new key is used", after, []cipher.AEAD{before}},
			{"the old key is gone", after, nil},
		} {
			connections := s.Connections(step.key, step.also...)
			got, err := connections.Load(t.Context(), "a")
			if err != nil || got != connection {
				t.Errorf("%s: got %+v, %v, want %+v", step.name, got, err, connection)
			}
			connection.Revision++
			must(t, connections.Save(t.Context(), "a", connection))
		}
		_, err := s.Connections(before).Load(t.Context(), "a")
		wantFailed(t, "a connection that another key sealed", err)
	})
}

// TestHolderWhoseLockExpiredChangesNothing has a process sleep longer than its lock
// lasts.
func TestHolderWhoseLockExpiredChangesNothing(t *testing.T) {
	onEach(t, both, func(t *testing.T, e engine) {
		d := e.database(t)
		sleeper, next := d.store(t).Connections(aead(t, 1)), d.store(t).Connections(aead(t, 1))
		must(t, sleeper.Save(t.Context(), "a", client.Connection{RefreshToken: "refresh-1", Revision: 1}))
		unlockLate, err := sleeper.Lock(t.Context(), "a")
		must(t, err)
		isLocked(t, next)
		exec(t, d.pool(t), "UPDATE "+d.table("locks")+" SET expires_at = 0")
		unlock, err := next.Lock(t.Context(), "a")
		must(t, err)
		must(t, next.Save(t.Context(), "a", client.Connection{RefreshToken: "refresh-2", Revision: 2}))
		if err := sleeper.Save(t.Context(), "a", client.Connection{RefreshToken: "old", Revision: 2}); !errors.Is(err, client.ErrConflict) {
			t.Errorf("Save by a holder whose lock expired: got error %v, want %v", err, client.ErrConflict)
		}
		unlockLate()
		isLocked(t, sleeper)
		if got, err := sleeper.Load(t.Context(), "a"); err != nil || got.RefreshToken != "refresh-2" {
			t.Errorf("Load: got %s, %v, want refresh-2", got.RefreshToken, err)
		}
		unlock()
		unlock, err = sleeper.Lock(t.Context(), "a")
		must(t, err)
		unlock()
	})
}

// isLocked wants the connection a to be locked.
func isLocked(t *testing.T, c client.ConnectionStore) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if unlock, err := c.Lock(ctx, "a"); err == nil {
		unlock()
		t.Error("Lock of a locked connection: got no error, want one when the context ends")
	}
}

// TestAbandonedLockIsFree has callers give up while they wait, at any moment.
func TestAbandonedLockIsFree(t *testing.T) {
	onEach(t, both, func(t *testing.T, e engine) {
		d := e.database(t)
		one, other := d.store(t).Connections(aead(t, 1)), d.store(t).Connections(aead(t, 1))
		for n := range 50 {
			ctx, cancel := context.WithTimeout(t.Context(), time.Duration(n)*50*time.Microsecond)
			if unlock, err := one.Lock(ctx, "a"); err == nil {
				unlock()
			}
			cancel()
		}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		unlock, err := other.Lock(ctx, "a")
		must(t, err)
		unlock()
	})
}

func TestLockHasOneHolderInAllProcesses(t *testing.T) {
	onEach(t, both, func(t *testing.T, e engine) {
		d := e.database(t)
		var running sync.WaitGroup
		holders := make(chan struct{}, 1)
		for range 4 {
			connections := d.store(t).Connections(aead(t, 1))
			for range 5 {
				running.Go(func() {
					unlock, err := connections.Lock(t.Context(), "a")
					if err != nil {
						t.Errorf("Lock: got error %v, want none", err)
						return
					}
					defer unlock()
					select {
					case holders <- struct{}{}:
						time.Sleep(time.Millisecond)
						<-holders
					default:
						t.Error("got two holders of a lock, want one")
					}
				})
			}
		}
		running.Wait()
	})
}

// TestOneConnectionIsEnough uses everything at once with a pool of one connection,
// while locks are held.
func TestOneConnectionIsEnough(t *testing.T) {
	onEach(t, all, func(t *testing.T, e engine) {
		d := e.database(t)
		db := d.pool(t)
		db.SetMaxOpenConns(1)
		s := d.storeOf(t, db)
		connections := s.Connections(aead(t, 1))
		var running sync.WaitGroup
		for n := range 20 {
			running.Go(func() {
				grant := fmt.Sprint("grant-", n)
				unlock, err := connections.Lock(t.Context(), fmt.Sprint(n%5))
				if err != nil {
					t.Errorf("Lock: got error %v, want none", err)
					return
				}
				defer unlock()
				begin(t, s.Codes(), newFamily(grant, grant))
				for _, err := range []error{
					client.SaveConnection(t.Context(), connections, "a", client.Connection{RefreshToken: "refresh"}),
					s.Codes().RevokeGrant(t.Context(), grant),
					s.Clean(t.Context()),
				} {
					if err != nil {
						t.Errorf("got error %v, want none", err)
					}
				}
			})
		}
		running.Wait()
	})
}
