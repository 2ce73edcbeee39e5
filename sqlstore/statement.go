package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// find returns the row with the key. columns returns where the columns of a row go.
func find[Row any](ctx context.Context, s *Store, query string, key []byte, columns func(*Row) []any) (row Row, found bool, err error) {
	row, err = call(ctx, s, func(ctx context.Context, conn *sql.Conn) (row Row, err error) {
		err = conn.QueryRowContext(ctx, query, key).Scan(columns(&row)...)
		return row, err
	})
	if errors.Is(err, sql.ErrNoRows) {
		return row, false, nil
	}
	return row, err == nil, err
}

// change runs a statement, and returns the number of rows that it changed. Sometimes
// it also removes expired rows.
func (s *Store) change(ctx context.Context, statement string, args ...any) (int64, error) {
	return call(ctx, s, func(ctx context.Context, conn *sql.Conn) (int64, error) {
		changed, err := rows(conn.ExecContext(ctx, statement, args...))
		if err == nil {
			s.cleanSometimes(ctx, conn)
		}
		return changed, err
	})
}

// wrap says what failed. It returns nil if err is nil.
func wrap(doing string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("sqlstore: %s: %w", doing, err)
}
