package sqlstore

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// setupTimeout bounds Setup, which may wait for another one.
const setupTimeout = time.Minute

// setupLock is the key of the lock that one Setup of a PostgreSQL database holds.
const setupLock = 0x62656172657267 // "bearerg"

// Setup creates the tables, or those that are missing in an older version. It changes
// no other table. It may be called at each start, by several processes at once: if the
// database has the version and the tables already, Setup only reads that, and so waits
// for nobody and needs no right to create tables. Programs with migrations of their own use [Schema]
// instead.
func Setup(ctx context.Context, db *sql.DB, c Config) error {
	if err := c.prepare(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, setupTimeout)
	defer cancel()
	err := repeated(ctx, func() error { return c.setup(ctx, db) })
	if err != nil {
		return fmt.Errorf("sqlstore: setting up the tables: %w", err)
	}
	return nil
}

func (c Config) setup(ctx context.Context, db *sql.DB) error {
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	// CREATE INDEX IF NOT EXISTS waits for all changes of the table, and they for it.
	if version, err := c.version(ctx, conn); err == nil && version >= schemaVersion {
		if missing, err := c.missing(ctx, conn); err != nil || missing == "" {
			return err
		}
	}
	return c.transaction(ctx, conn, func(tx *sql.Tx) error {
		if c.Dialect == Postgres { // two CREATE TABLE IF NOT EXISTS at once can fail
			if _, err := tx.ExecContext(ctx, "SELECT pg_advisory_xact_lock($1::bigint)", int64(setupLock)); err != nil {
				return err
			}
		}
		for _, statement := range c.schema() {
			if _, err := tx.ExecContext(ctx, statement); err != nil {
				return err
			}
		}
		return nil
	})
}
