package sqlstore_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bearergate/bearergate/sqlstore"
	"github.com/bearergate/bearergate/tokenendpoint"
)

// fake is a driver with the tables, whose statements change one row.
type fake struct {
	// query runs before each statement. Its error is the statement's.
	query func(ctx context.Context) error
	// statements are those that began.
	statements atomic.Int64
}

func (f *fake) Connect(context.Context) (driver.Conn, error) { return fakeConn{f}, nil }
func (f *fake) Driver() driver.Driver                        { return nil }

type fakeConn struct{ *fake }

func (fakeConn) Prepare(string) (driver.Stmt, error) { return nil, errors.ErrUnsupported }
func (fakeConn) Close() error                        { return nil }
func (fakeConn) Begin() (driver.Tx, error)           { return nil, errors.ErrUnsupported }

func (c fakeConn) QueryContext(ctx context.Context, _ string, _ []driver.NamedValue) (driver.Rows, error) {
	return &versionRow{}, c.run(ctx)
}

func (c fakeConn) ExecContext(ctx context.Context, _ string, _ []driver.NamedValue) (driver.Result, error) {
	return driver.RowsAffected(1), c.run(ctx)
}

func (c fakeConn) run(ctx context.Context) error {
	c.statements.Add(1)
	if c.query == nil {
		return nil
	}
	return c.query(ctx)
}

// versionRow is one row with the version of the schema.
type versionRow struct{ read bool }

func (*versionRow) Columns() []string { return []string{"version"} }
func (*versionRow) Close() error      { return nil }

func (r *versionRow) Next(row []driver.Value) error {
	if r.read {
		return io.EOF
	}
	r.read, row[0] = true, int64(1)
	return nil
}

// inFakeTime runs a test with a store over the driver.
func inFakeTime(t *testing.T, test func(t *testing.T, f *fake, codes *sqlstore.Codes)) {
	synctest.Test(t, func(t *testing.T) {
		f := new(fake)
		db := sql.OpenDB(f)
		defer db.Close()
		store, err := sqlstore.New(t.Context(), db, sqlstore.Config{Dialect: sqlstore.Postgres})
		if err != nil {
			t.Fatal(err)
		}
		f.statements.Store(0)
		test(t, f, store.Codes())
		synctest.Wait()
	})
}

func save(ctx context.Context, codes *sqlstore.Codes) error {
	return codes.SaveCode(ctx, tokenendpoint.Sum{}, tokenendpoint.AuthorizationCode{})
}

func TestDeadContextReachesNoDriver(t *testing.T) {
	inFakeTime(t, func(t *testing.T, f *fake, codes *sqlstore.Codes) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := save(ctx, codes); !errors.Is(err, context.Canceled) {
			t.Errorf("got error %v, want %v", err, context.Canceled)
		}
		if got := f.statements.Load(); got != 0 {
			t.Errorf("got %d statements, want none", got)
		}
	})
}

func TestCallReturnsAtItsDeadlineAndTheStatementGoesOn(t *testing.T) {
	inFakeTime(t, func(t *testing.T, f *fake, codes *sqlstore.Codes) {
		ended := make(chan error, 1)
		f.query = func(ctx context.Context) error {
			time.Sleep(time.Second)
			ended <- ctx.Err()
			return ctx.Err()
		}
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		began := time.Now()
		err := save(ctx, codes)
		if took := time.Since(began); took != 50*time.Millisecond || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got error %v after %v, want %v after 50ms", err, took, context.DeadlineExceeded)
		}
		if err := <-ended; err != nil {
			t.Errorf("the statement: got error %v, want none", err)
		}
	})
}

func TestStatementThatHangsEndsAfterFiveSeconds(t *testing.T) {
	inFakeTime(t, func(t *testing.T, f *fake, codes *sqlstore.Codes) {
		f.query = func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
		began := time.Now()
		err := save(context.Background(), codes)
		if took := time.Since(began); took != 5*time.Second || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got error %v after %v, want %v after 5s", err, took, context.DeadlineExceeded)
		}
	})
}

type stateError string

func (e stateError) Error() string    { return string(e) }
func (e stateError) SQLState() string { return string(e) }

type codeError int

func (e codeError) Error() string { return "code" }
func (e codeError) Code() int     { return int(e) }

func TestStatementsAreRepeatedAfterAPassingError(t *testing.T) {
	for _, c := range []struct {
		name    string
		err     error
		repeats bool
	}{
		{"serialization_failure", stateError("40001"), true},
		{"deadlock_detected", stateError("40P01"), true},
		{"unique_violation", stateError("23505"), false},
		{"admin_shutdown, perhaps after the commit", stateError("57P01"), false},
		{"SQLITE_BUSY", codeError(5), true},
		{"SQLITE_BUSY_SNAPSHOT", codeError(517), true},
		{"SQLITE_CONSTRAINT", codeError(19), false},
		{"a connection that was not used", driver.ErrBadConn, true},
		{"any other", io.ErrUnexpectedEOF, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			inFakeTime(t, func(t *testing.T, f *fake, codes *sqlstore.Codes) {
				f.query = func(context.Context) error {
					if f.statements.Load() < 5 {
						return c.err
					}
					return nil
				}
				if err := save(t.Context(), codes); (err == nil) != c.repeats || err != nil && !errors.Is(err, c.err) {
					t.Errorf("got error %v, want it repeated: %v", err, c.repeats)
				}
				if got := f.statements.Load(); !c.repeats && got != 1 {
					t.Errorf("got %d statements, want 1", got)
				}
			})
		})
	}
}

func TestPassingErrorThatDoesNotPassEndsAfterFiveSeconds(t *testing.T) {
	inFakeTime(t, func(t *testing.T, f *fake, codes *sqlstore.Codes) {
		f.query = func(context.Context) error { return codeError(5) }
		began := time.Now()
		err := save(context.Background(), codes)
		if took := time.Since(began); took > 5*time.Second || !errors.Is(err, codeError(5)) {
			t.Errorf("got error %v after %v, want the driver's after 5s at most", err, took)
		}
	})
}

func TestPanicOfADriverIsAnError(t *testing.T) {
	inFakeTime(t, func(t *testing.T, f *fake, codes *sqlstore.Codes) {
		f.query = func(context.Context) error { panic("a driver's fault") }
		if err := save(t.Context(), codes); err == nil || !strings.Contains(err.Error(), "a driver's fault") {
			t.Errorf("got error %v, want one with the panic", err)
		}
	})
}
