package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/bearergate/bearergate/tokenendpoint"
)

// Consume implements [tokenendpoint.Store]. In PostgreSQL a first use is one
// statement.
func (c *Codes) Consume(ctx context.Context, code tokenendpoint.Sum, at time.Time, first tokenendpoint.Family) (tokenendpoint.Outcome, error) {
	row, err := newFamilyRow(first)
	if err != nil {
		return tokenendpoint.Unknown, wrap("consuming a code", err)
	}
	u := use{store: c.store, code: code[:], at: microsOf(at), family: key(first.FamilyID), row: row}
	outcome, err := call(ctx, c.store, u.outcome)
	return outcome, wrap("consuming a code", err)
}

// use is one use of a code.
type use struct {
	store        *Store
	code, family []byte
	at           micros
	row          familyRow
}

func (u *use) outcome(ctx context.Context, conn *sql.Conn) (tokenendpoint.Outcome, error) {
	for {
		fresh, err := u.consume(ctx, conn)
		if err != nil {
			return tokenendpoint.Unknown, err
		}
		if fresh {
			u.store.cleanSometimes(ctx, conn)
			return tokenendpoint.Fresh, nil
		}
		outcome, err := u.refusal(ctx, conn)
		if err != nil || outcome != tokenendpoint.Fresh {
			return outcome, err
		}
	}
}

// consume uses the code and adds the family, and reports whether it did.
func (u *use) consume(ctx context.Context, conn *sql.Conn) (bool, error) {
	if u.store.config.Dialect == Postgres {
		added, err := rows(conn.ExecContext(ctx, u.store.texts.consume, u.code, u.at, u.family, u.row.grantID, u.row.version, u.row.expiresAt, u.row.record))
		return added == 1, err
	}
	fresh := false
	err := u.store.config.transaction(ctx, conn, func(tx *sql.Tx) error {
		used, err := rows(tx.ExecContext(ctx, u.store.texts.useCode, u.code, u.at, u.family))
		if err != nil || used == 0 {
			return err
		}
		fresh = true
		_, err = tx.ExecContext(ctx, u.store.texts.addFamily, u.family, u.row.grantID, u.row.version, u.row.expiresAt, u.row.record)
		return err
	})
	return fresh, err
}

// refusal returns the reason why the code could not be consumed. It is Fresh if there
// is none any more, since the code was saved meanwhile.
func (u *use) refusal(ctx context.Context, conn *sql.Conn) (tokenendpoint.Outcome, error) {
	var used bool
	var expiresAt micros
	err := conn.QueryRowContext(ctx, u.store.texts.codeState, u.code).Scan(&used, &expiresAt)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return tokenendpoint.Unknown, nil
	case err != nil:
		return tokenendpoint.Unknown, err
	case used:
		return tokenendpoint.Used, nil
	case expiresAt <= u.at:
		return tokenendpoint.Expired, nil
	}
	return tokenendpoint.Fresh, nil
}
