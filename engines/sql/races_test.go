package sql_test

import (
	"context"
	"database/sql"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bearergate/bearergate/sqlstore"
)

const pairs = 2000

// race has a grant revoked while its family is rotated and another code of it is
// exchanged, 2,000 times, and returns how many families live after that.
func (d *database) race(t *testing.T, revoke func(ctx context.Context, grantID string) error) int64 {
	one, other := d.store(t).Codes(), d.store(t).Codes()
	var alive, next atomic.Int64
	var workers sync.WaitGroup
	for range 8 {
		workers.Go(func() {
			for n := next.Add(1); n <= pairs && !t.Failed(); n = next.Add(1) {
				alive.Add(raceOnce(t, one, other, fmt.Sprint("grant-", n), revoke))
			}
		})
	}
	workers.Wait()
	return alive.Load()
}

func raceOnce(t *testing.T, one, other *sqlstore.Codes, grantID string, revoke func(ctx context.Context, grantID string) error) (alive int64) {
	family, first, code := begin(t, one, newFamily(grantID, grantID+"-a")), newFamily(grantID, grantID+"-b"), newSum()
	must(t, one.SaveCode(t.Context(), code, newCode(grantID)))
	report := func(err error) {
		if err != nil {
			t.Errorf("got error %v, want none", err)
		}
	}
	atOnce(
		func() { _, err := one.ReplaceFamily(t.Context(), rotated(family)); report(err) },
		func() { _, err := other.Consume(t.Context(), code, time.Now(), first); report(err) },
		func() { report(revoke(t.Context(), grantID)) },
	)
	for _, id := range []string{family.FamilyID, first.FamilyID} {
		_, found, err := other.Family(t.Context(), id)
		report(err)
		if found {
			alive++
		}
	}
	return alive
}

// Rules: S7.61.
func TestNothingLivesBehindARevocation(t *testing.T) {
	onEach(t, append([]engine{serializable}, both...), func(t *testing.T, e engine) {
		d := e.database(t)
		if alive := d.race(t, d.store(t).Codes().RevokeGrant); alive != 0 {
			t.Errorf("after %d races: got %d living families, want 0", pairs, alive)
		}
	})
}

// TestRaceFindsAWrongRevocation removes families before codes: a code that is
// exchanged meanwhile leaves its family.
func TestRaceFindsAWrongRevocation(t *testing.T) {
	d := pgDefault.database(t)
	db := d.pool(t)
	alive := d.race(t, func(ctx context.Context, grantID string) error {
		return errorOf(db, ctx, "DELETE FROM "+d.table("families")+" WHERE grant_id = $1", "DELETE FROM "+d.table("codes")+" WHERE grant_id = $1", []byte(grantID))
	})
	if alive == 0 {
		t.Errorf("after %d races with a wrong revocation: got no living family, want some", pairs)
	}
}

func errorOf(db *sql.DB, ctx context.Context, first, second string, arg any) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	for _, statement := range []string{first, second} {
		if _, err := tx.ExecContext(ctx, statement, arg); err != nil {
			return err
		}
	}
	return tx.Commit()
}
