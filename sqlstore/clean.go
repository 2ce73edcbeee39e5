package sqlstore

import (
	"context"
	"database/sql"
	"time"
)

const (
	// slack is how long expired rows are kept, for processes whose clocks are slow.
	slack = time.Minute
	// batch is how many rows Clean removes at once: other changes wait for it in SQLite.
	batch = 1000
	// every is how many changes remove expired rows once, and few is how many of each table.
	every, few = 64, 100
)

func now() micros { return microsOf(time.Now()) }

// Clean removes all rows that expired more than a minute ago, in batches of 1,000.
// It is for a backlog: changes remove a few such rows too. It may run while the store
// is in use. Cancel ctx to end it early.
func (s *Store) Clean(ctx context.Context) error {
	cutoff := microsOf(time.Now().Add(-slack))
	for _, statement := range s.texts.clean {
		for removed := int64(batch); removed == batch; {
			var err error
			removed, err = call(ctx, s, func(ctx context.Context, conn *sql.Conn) (int64, error) {
				return rows(conn.ExecContext(ctx, statement, cutoff, batch))
			})
			if err != nil {
				return wrap("removing expired rows", err)
			}
		}
	}
	return nil
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
