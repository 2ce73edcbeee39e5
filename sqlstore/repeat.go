package sqlstore

import (
	"context"
	"database/sql/driver"
	"errors"
	"math/rand/v2"
	"time"
)

// longestPause is the longest pause before a repetition.
const longestPause = 50 * time.Millisecond

// repeated calls f until it succeeds, fails in a way that lasts, or ctx ends.
func repeated(ctx context.Context, f func() error) error {
	for pause := time.Millisecond; ; pause = min(2*pause, longestPause) {
		err := f()
		if err == nil || !passes(err) || !sleep(ctx, pause) {
			return err
		}
	}
}

// sleep sleeps for half to all of d, and reports whether ctx is still alive.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d/2 + rand.N(d/2+1))
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// passes reports whether a transaction had no effect and would succeed if it was
// repeated.
func passes(err error) bool {
	switch sqlState(err) {
	case "40001", "40P01": // serialization_failure, deadlock_detected
		return true
	}
	switch sqliteCode(err) {
	case 5, 6: // SQLITE_BUSY, SQLITE_LOCKED
		return true
	}
	return errors.Is(err, driver.ErrBadConn)
}

func missingTable(err error) bool {
	return sqlState(err) == "42P01" || sqliteCode(err) == 1 // undefined_table; SQLITE_ERROR
}

// sqlState returns the SQLSTATE of an error of pgx or lib/pq, "" for any other.
func sqlState(err error) string {
	var e interface{ SQLState() string }
	if errors.As(err, &e) {
		return e.SQLState()
	}
	return ""
}

// sqliteCode returns the primary result code of an error of modernc.org/sqlite, 0
// for any other.
func sqliteCode(err error) int {
	var e interface{ Code() int }
	if errors.As(err, &e) {
		return e.Code() & 0xff
	}
	return 0
}
