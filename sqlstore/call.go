package sqlstore

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"time"
)

// timeout bounds a call, whatever its context is.
const timeout = 5 * time.Second

// call runs f on a connection of its own, with a context that does not end with ctx:
// drivers close a connection if a statement is cancelled. If ctx ends first, call
// returns, and f goes on.
func call[T any](ctx context.Context, s *Store, f func(ctx context.Context, conn *sql.Conn) (T, error)) (T, error) {
	type answer struct {
		value T
		err   error
	}
	if ctx.Err() != nil {
		return *new(T), context.Cause(ctx)
	}
	done := make(chan answer, 1)
	go func() {
		value, err := detached(ctx, s, f)
		done <- answer{value, err}
	}()
	select {
	case a := <-done:
		return a.value, a.err
	case <-ctx.Done():
		return *new(T), context.Cause(ctx)
	}
}

// detached runs f on a connection of its own, and again if it has to be repeated. If
// caller ends before f begins, f does not run.
func detached[T any](caller context.Context, s *Store, f func(ctx context.Context, conn *sql.Conn) (T, error)) (value T, err error) {
	defer func() {
		if p := recover(); p != nil { // there is no caller who could
			err = fmt.Errorf("the driver panicked: %v", p)
		}
	}()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(caller), timeout)
	defer cancel()
	err = repeated(ctx, func() error {
		conn, err := s.db.Conn(ctx)
		if err != nil {
			return fmt.Errorf("getting a connection of the pool: %w", err)
		}
		defer conn.Close()
		if caller.Err() != nil {
			return context.Cause(caller)
		}
		value, err = f(ctx, conn)
		return err
	})
	return value, err
}

// transaction runs f in a transaction.
func (c Config) transaction(ctx context.Context, conn *sql.Conn, f func(tx *sql.Tx) error) error {
	tx, err := conn.BeginTx(ctx, c.Dialect.isolation())
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if err := f(tx); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		discard(conn) // the transaction may still be open
		return err
	}
	return nil
}

// discard has the pool close the connection.
func discard(conn *sql.Conn) {
	conn.Raw(func(any) error { return driver.ErrBadConn })
}

// rows returns the number of rows that a statement changed.
func rows(result sql.Result, err error) (int64, error) {
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}
