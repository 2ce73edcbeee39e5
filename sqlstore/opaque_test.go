package sqlstore_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"math"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bearergate/bearergate/sqlstore"
)

// slowly is a database that removes a token in a millisecond.
type slowly struct {
	fake
	left atomic.Int64
}

func (s *slowly) Connect(context.Context) (driver.Conn, error) {
	return slowConn{fakeConn{&s.fake}, s}, nil
}

type slowConn struct {
	fakeConn
	database *slowly
}

func (c slowConn) ExecContext(ctx context.Context, _ string, args []driver.NamedValue) (driver.Result, error) {
	removed := int64(math.MaxInt64)
	if len(args) > 1 {
		removed = args[1].Value.(int64)
	}
	removed = min(removed, c.database.left.Load())
	select {
	case <-time.After(time.Duration(removed) * time.Millisecond):
		c.database.left.Add(-removed)
		return driver.RowsAffected(removed), nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// revokeSlowly revokes a family of 300,000 tokens, and returns how many are left when no
// statement runs any more.
func revokeSlowly(t *testing.T, dialect sqlstore.Dialect, limit time.Duration) (left int64, err error) {
	synctest.Test(t, func(t *testing.T) {
		s := new(slowly)
		s.left.Store(300_000)
		db := sql.OpenDB(s)
		defer db.Close()
		store, newErr := sqlstore.New(t.Context(), db, sqlstore.Config{Dialect: dialect})
		if newErr != nil {
			t.Fatal(newErr)
		}
		ctx, cancel := context.WithTimeout(t.Context(), limit)
		defer cancel()
		began := time.Now()
		err = store.OpaqueTokens().RevokeFamily(ctx, "family")
		if took := time.Since(began); took > limit {
			t.Errorf("RevokeFamily: got a return after %v, want one after %v at most", took, limit)
		}
		time.Sleep(time.Minute)
		left = s.left.Load()
	})
	return left, err
}

// Rules: S7.34.
func TestRevokeFamilyRemovesAnyNumberOfTokens(t *testing.T) {
	for _, dialect := range []sqlstore.Dialect{sqlstore.Postgres, sqlstore.SQLite} {
		if left, err := revokeSlowly(t, dialect, time.Hour); left != 0 || err != nil {
			t.Errorf("%v: got %d tokens left, %v, want none", dialect, left, err)
		}
	}
}

func TestRevokeFamilyEndsWithItsContext(t *testing.T) {
	for _, dialect := range []sqlstore.Dialect{sqlstore.Postgres, sqlstore.SQLite} {
		left, err := revokeSlowly(t, dialect, 10*time.Second)
		if !errors.Is(err, context.DeadlineExceeded) || left == 0 || left > 297_000 {
			t.Errorf("%v: got %d of 300000 tokens left, %v, want some thousands fewer, %v", dialect, left, err, context.DeadlineExceeded)
		}
	}
}
