package sql_test

import (
	"sync"
	"testing"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/sqlstore"
)

// empty returns a database without tables.
func (e engine) empty(t *testing.T) *database {
	t.Helper()
	d := e.database(t)
	for _, table := range []string{"schema", "codes", "families", "opaque_tokens", "grants", "clients", "connections", "locks"} {
		exec(t, d.pool(t), "DROP TABLE "+d.table(table))
	}
	return d
}

func TestNewNeedsTheTables(t *testing.T) {
	onEach(t, all, func(t *testing.T, e engine) {
		d := e.empty(t)
		_, err := sqlstore.New(t.Context(), d.pool(t), d.config)
		wantText(t, err, "there is no table "+d.config.Prefix+"schema; call Setup, or run the statements of Schema")
		if err := sqlstore.Setup(t.Context(), d.pool(t), d.config); err != nil {
			t.Fatalf("Setup after New: got error %v, want none", err)
		}
	})
}

// TestNewNeedsEveryTable drops one table of many, as a wrong migration does.
func TestNewNeedsEveryTable(t *testing.T) {
	onEach(t, all, func(t *testing.T, e engine) {
		d := e.database(t)
		db := d.pool(t)
		for _, table := range []string{"codes", "families", "opaque_tokens", "grants", "clients", "connections", "locks"} {
			exec(t, db, "DROP TABLE "+d.table(table))
			_, err := sqlstore.New(t.Context(), db, d.config)
			wantText(t, err, "there is no table "+d.table(table)+"; call Setup, or run the statements of Schema")
			must(t, sqlstore.Setup(t.Context(), db, d.config))
			if _, err := sqlstore.New(t.Context(), db, d.config); err != nil {
				t.Errorf("New after Setup: got error %v, want none", err)
			}
		}
	})
}

// TestPingNeedsTheDatabaseAndItsTables pings with tables, without, and with no pool.
func TestPingNeedsTheDatabaseAndItsTables(t *testing.T) {
	onEach(t, all, func(t *testing.T, e engine) {
		d := e.database(t)
		db := d.pool(t)
		s, err := sqlstore.New(t.Context(), db, d.config)
		must(t, err)
		must(t, s.Ping(t.Context()))
		exec(t, db, "DROP TABLE "+d.table("schema"))
		wantText(t, s.Ping(t.Context()), "there is no table "+d.table("schema"))
		db.Close()
		wantText(t, s.Ping(t.Context()), "database is closed")
	})
}

func TestNewComparesTheVersion(t *testing.T) {
	onEach(t, both, func(t *testing.T, e engine) {
		d := e.database(t)
		db := d.pool(t)
		exec(t, db, "INSERT INTO "+d.table("schema")+" (version) VALUES (2)")
		if _, err := sqlstore.New(t.Context(), db, d.config); err != nil {
			t.Errorf("New with a newer schema: got error %v, want none", err)
		}
		exec(t, db, "DELETE FROM "+d.table("schema"))
		_, err := sqlstore.New(t.Context(), db, d.config)
		wantText(t, err, "have version 0, and this program needs 1; call Setup")
	})
}

func TestSetupMayRunAgainAndAtOnce(t *testing.T) {
	onEach(t, all, func(t *testing.T, e engine) {
		d := e.empty(t)
		var running sync.WaitGroup
		for range 8 {
			db := d.pool(t)
			running.Go(func() {
				for range 2 {
					if err := sqlstore.Setup(t.Context(), db, d.config); err != nil {
						t.Errorf("Setup: got error %v, want none", err)
					}
				}
			})
		}
		running.Wait()
		grants := d.store(t).Grants()
		must(t, grants.Put(t.Context(), bearergate.Grant{ID: "grant"}))
		must(t, sqlstore.Setup(t.Context(), d.pool(t), d.config))
		if _, err := grants.Grant(t.Context(), "grant"); err != nil {
			t.Errorf("Grant after another Setup: got error %v, want none", err)
		}
	})
}

func TestSchemaIsWhatSetupRuns(t *testing.T) {
	onEach(t, all, func(t *testing.T, e engine) {
		d := e.empty(t)
		text, err := sqlstore.Schema(d.config)
		must(t, err)
		for range 2 {
			exec(t, d.pool(t), text)
		}
		must(t, d.store(t).Grants().Put(t.Context(), bearergate.Grant{ID: "grant"}))
	})
}

func TestPrefixMayNameASchema(t *testing.T) {
	d := pgDefault.database(t)
	exec(t, d.pool(t), "CREATE SCHEMA apart")
	t.Cleanup(func() { d.pool(t).Exec("DROP SCHEMA apart CASCADE") })
	d.config.Prefix = "apart.auth_"
	must(t, sqlstore.Setup(t.Context(), d.pool(t), d.config))
	runConnections(t, d, d.store(t))
	runCodes(t, d, d.store(t))
}
