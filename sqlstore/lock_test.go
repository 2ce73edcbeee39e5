package sqlstore_test

import (
	"crypto/aes"
	"crypto/cipher"
	"database/sql"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bearergate/bearergate/sqlstore"
)

// locked returns a locked connection over a pool of one connection.
func locked(t *testing.T, f *fake) (db *sql.DB, unlock func()) {
	t.Helper()
	db = sql.OpenDB(f)
	t.Cleanup(func() { db.Close() })
	db.SetMaxOpenConns(1)
	store, err := sqlstore.New(t.Context(), db, sqlstore.Config{Dialect: sqlstore.Postgres})
	if err != nil {
		t.Fatal(err)
	}
	block, err := aes.NewCipher(make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	key, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		t.Fatal(err)
	}
	if unlock, err = store.Connections(key).Lock(t.Context(), "id"); err != nil {
		t.Fatal(err)
	}
	return db, unlock
}

func TestUnlockWaitsASecondAtMostAndUnlocksLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := new(fake)
		db, unlock := locked(t, f)
		busy, err := db.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		before, began := f.statements.Load(), time.Now()
		unlock()
		if took := time.Since(began); took != time.Second {
			t.Errorf("unlock while the pool is busy: got a return after %v, want 1s", took)
		}
		time.Sleep(3 * time.Second)
		busy.Close()
		synctest.Wait()
		if got := f.statements.Load() - before; got != 1 {
			t.Errorf("after the pool has a connection again: got %d statements, want the one that unlocks", got)
		}
	})
}
