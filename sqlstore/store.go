package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"math/rand/v2"
	"sync/atomic"

	"github.com/bearergate/bearergate/client"
)

// Store is a database with the tables of [Schema]. Its methods return the stores that
// other packages need. All are safe for concurrent use.
type Store struct {
	db     *sql.DB
	config Config
	texts  texts
	// changes counts the changes, of which some remove expired rows. It begins at random,
	// for processes that make few.
	changes atomic.Uint64
	// queue has the locks of this process, so that one caller for each connection asks the
	// database for its lock.
	queue client.MemoryConnections
}

var errNoDB = errors.New("sqlstore: New was given a nil *sql.DB; use one that sql.Open returns")

// New returns the store in db. It never changes the database. If a table is
// missing or too old, the error says so: see [Setup]. The caller closes db.
func New(ctx context.Context, db *sql.DB, c Config) (*Store, error) {
	if err := c.prepare(); err != nil {
		return nil, err
	}
	if db == nil {
		return nil, errNoDB
	}
	s := &Store{db: db, config: c, texts: c.texts()}
	s.changes.Store(rand.Uint64N(every))
	if err := s.checkSchema(ctx); err != nil {
		return nil, err
	}
	return s, nil
}
