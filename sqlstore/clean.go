package sqlstore

import (
	"context"
	"database/sql"
	"time"
)

const (
	// slack is how long expired rows are kept, for processes whose clocks are slow.
	slack = time.Minute
	// Removing many rows begins with so many at once, and goes on with smallest to
	// largest, so that they last no longer than brief.
	beginning, smallest, largest = 100, 20, 1000
	brief                        = 100 * time.Millisecond
	// every is how many changes remove expired rows once, and few is how many of each table.
	every, few = 64, 100
)

func now() micros { return microsOf(time.Now()) }

// Clean removes all rows that expired more than a minute ago, a thousand at once or fewer.
// It is for a backlog: changes remove a few such rows too. It may run while the store
// is in use. In SQLite, where changes wait for each other, it pauses about as
// long as it works. Cancel ctx to end it early.
func (s *Store) Clean(ctx context.Context) error {
	cutoff := microsOf(time.Now().Add(-slack))
	for _, statement := range s.texts.clean {
		if err := s.removeAll(ctx, statement, cutoff); err != nil {
			return wrap("removing expired rows", err)
		}
	}
	return nil
}

// removeAll runs a statement that removes rows, of which arg says which, until it
// removes fewer than its limit. Those that it removed before it failed stay removed.
func (s *Store) removeAll(ctx context.Context, statement string, arg any) error {
	for size := int64(beginning); ; {
		began := time.Now()
		removed, err := call(ctx, s, func(ctx context.Context, conn *sql.Conn) (int64, error) {
			return rows(conn.ExecContext(ctx, statement, arg, size))
		})
		if err != nil || removed < size {
			return err
		}
		took := time.Since(began)
		size = nextSize(size, took)
		if s.config.Dialect == SQLite && !sleep(ctx, took) {
			return context.Cause(ctx)
		}
	}
}

// nextSize returns how many rows to remove after so many took that long.
func nextSize(size int64, took time.Duration) int64 {
	switch {
	case took > brief:
		return max(size/2, smallest)
	case took < brief/2:
		return min(2*size, largest)
	}
	return size
}

// cleanSometimes removes a few expired rows, with one of many changes. Its errors are
// ignored: the change has taken effect, and others clean again.
func (s *Store) cleanSometimes(ctx context.Context, conn *sql.Conn) {
	if s.changes.Add(1)%every != 0 {
		return
	}
	cutoff := microsOf(time.Now().Add(-slack))
	for _, statement := range s.texts.clean {
		conn.ExecContext(ctx, statement, cutoff, few)
	}
}
