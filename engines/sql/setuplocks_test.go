package sql_test

import (
	"context"
	"testing"
	"time"

	"github.com/bearergate/bearergate/sqlstore"
)

// TestSetupOfPresentTablesWaitsForNoChange starts a process while a change of another
// one is not committed.
func TestSetupOfPresentTablesWaitsForNoChange(t *testing.T) {
	onEach(t, both, func(t *testing.T, e engine) {
		d := e.database(t)
		tx, err := d.pool(t).BeginTx(t.Context(), nil)
		must(t, err)
		defer tx.Rollback()
		_, err = tx.ExecContext(t.Context(), "DELETE FROM "+d.table("codes"))
		must(t, err)
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		if err := sqlstore.Setup(ctx, d.pool(t), d.config); err != nil {
			t.Errorf("Setup: got error %v, want none", err)
		}
	})
}

// TestSetupOfPresentTablesNeedsNoRights runs as a user who may only read and change
// rows.
func TestSetupOfPresentTablesNeedsNoRights(t *testing.T) {
	d := pgDefault.database(t)
	db := d.pool(t)
	db.SetMaxOpenConns(1)
	exec(t, db, "CREATE ROLE guest")
	t.Cleanup(func() { d.pool(t).Exec("DROP ROLE guest") })
	exec(t, db, "GRANT SELECT ON "+d.table("schema")+" TO guest")
	t.Cleanup(func() { d.pool(t).Exec("REVOKE ALL ON " + d.table("schema") + " FROM guest") })
	exec(t, db, "SET ROLE guest")
	if err := sqlstore.Setup(t.Context(), db, d.config); err != nil {
		t.Errorf("Setup: got error %v, want none", err)
	}
}
