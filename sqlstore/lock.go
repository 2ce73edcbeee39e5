package sqlstore

import (
	"context"
	"crypto/rand"
	"database/sql"
	"time"
)

const (
	// lease is how long a lock outlives its holder: longer than a renewal lasts.
	lease = time.Minute
	// longestPoll is the longest pause before another process is found to have unlocked.
	longestPoll = 250 * time.Millisecond
	// unlockTimeout bounds how long unlock waits, which has no context.
	unlockTimeout = time.Second
)

// Lock implements [client.ConnectionStore]. The lock is a row that expires after a
// minute by the database's clock. The callers of one Store wait in memory until the
// holder unlocks, and one of them polls: within one Store a lock does not expire. No
// connection of the pool is held with it. A holder whose lock expired cannot unlock
// that of the next one. If it saves then, the Revision decides.
func (c *Connections) Lock(ctx context.Context, id string) (func(), error) {
	leave, err := c.store.queue.Lock(ctx, id)
	if err != nil {
		return nil, wrap("waiting for a lock", err)
	}
	l := &held{store: c.store, id: key(id), owner: []byte(rand.Text())}
	unlock := func() {
		l.release()
		leave()
	}
	locked := make(chan error, 1)
	go func() { locked <- l.acquire(ctx) }()
	select {
	case err = <-locked:
		if err == nil {
			return unlock, nil
		}
		go unlock() // the lock may be held in spite of the error
	case <-ctx.Done():
		err = context.Cause(ctx)
		go func() {
			<-locked
			unlock()
		}()
	}
	return nil, wrap("waiting for a lock", err)
}

// held is a lock that is held, or to be held, by one caller of all processes.
type held struct {
	store     *Store
	id, owner []byte
}

// acquire polls until the lock is free.
func (l *held) acquire(ctx context.Context) error {
	for pause := 5 * time.Millisecond; ; pause = min(2*pause, longestPoll) {
		locked, err := detached(ctx, l.store, func(ctx context.Context, conn *sql.Conn) (int64, error) {
			return rows(conn.ExecContext(ctx, l.store.texts.lock, l.id, l.owner, lease.Microseconds()))
		})
		if err != nil || locked == 1 {
			return err
		}
		if !sleep(ctx, pause) {
			return context.Cause(ctx)
		}
	}
}

// release unlocks. It waits for that no longer than unlockTimeout, and the unlocking
// goes on: for a connection of a busy pool, for example.
func (l *held) release() {
	released := make(chan struct{})
	go func() {
		defer close(released)
		detached(context.Background(), l.store, func(ctx context.Context, conn *sql.Conn) (int64, error) {
			return rows(conn.ExecContext(ctx, l.store.texts.unlock, l.id, l.owner))
		})
	}()
	select {
	case <-released:
	case <-time.After(unlockTimeout):
	}
}
