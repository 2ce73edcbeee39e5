package sql_test

import (
	"context"
	"database/sql"
	"testing"

	"github.com/bearergate/bearergate/sqlstore"
)

// wrongRevocation is a store whose revocation runs bare statements.
type wrongRevocation struct {
	*sqlstore.Codes
	db *sql.DB
	// transactions are the tables from which each transaction deletes.
	transactions [][]string
}

// familiesFirst returns a store that removes families before codes: a code that is
// exchanged meanwhile leaves its family.
func familiesFirst(t *testing.T, d *database) wrongRevocation {
	t.Helper()
	return wrongRevocation{d.store(t).Codes(), d.pool(t), [][]string{{d.table("families"), d.table("codes")}}}
}

// inTwoTransactions returns a store that removes codes and families in a transaction
// each: others see half a revocation.
func inTwoTransactions(t *testing.T, d *database) wrongRevocation {
	t.Helper()
	return wrongRevocation{d.store(t).Codes(), d.pool(t), [][]string{{d.table("codes")}, {d.table("families")}}}
}

func (w wrongRevocation) RevokeGrant(ctx context.Context, grantID string) error {
	for _, tables := range w.transactions {
		if err := w.remove(ctx, tables, grantID); err != nil {
			return err
		}
	}
	return nil
}

func (w wrongRevocation) remove(ctx context.Context, tables []string, grantID string) error {
	tx, err := w.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	for _, table := range tables {
		if _, err := tx.ExecContext(ctx, "DELETE FROM "+table+" WHERE grant_id = $1", []byte(grantID)); err != nil {
			return err
		}
	}
	return tx.Commit()
}
