package client

import (
	"context"
	"errors"
	"fmt"

	"github.com/bearergate/bearergate"
)

// deathIn returns the refusal in the tree of err that ends the connection, or nil.
func deathIn(err error) *Error {
	var e *Error
	if errors.As(err, &e) && e.Action == Reconnect {
		return e
	}
	return nil
}

// refusedRefresh makes the answer invalid_grant to a refresh end the connection
// (S8.5).
func refusedRefresh(err error) error {
	var e *Error
	if errors.As(err, &e) && e.Code == bearergate.ErrInvalidGrant {
		e.Action = Reconnect
	}
	return err
}

// ended returns err. If err ends the connection, it first saves that the connection
// is dead. The caller holds the lock.
func (t *Transport) ended(ctx context.Context, c Connection, err error) error {
	if e := deathIn(err); e != nil {
		t.saveDeath(ctx, c, e)
	}
	return err
}

// die ends the connection after a request with this token was answered with e. If
// the user has reconnected since, the token was not this connection's.
func (t *Transport) die(ctx context.Context, token string, e *Error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), renewTimeout)
	defer cancel()
	if t.markDead(ctx, token, e) {
		t.latch(e)
	}
}

// markDead reports whether the connection is dead, and saves that it is. If the
// store fails, the connection counts as dead.
func (t *Transport) markDead(ctx context.Context, token string, e *Error) bool {
	id, store := t.config.ConnectionID, t.config.Connections
	unlock, err := store.Lock(ctx, id)
	if err != nil {
		e.note = fmt.Errorf("locking the connection: %w", err)
		return true
	}
	defer unlock()
	c, err := store.Load(ctx, id)
	if err != nil {
		e.note = fmt.Errorf("loading the connection: %w", err)
		return true
	}
	if c.Installation.Text != token && c.Dead == "" {
		return false
	}
	t.saveDeath(ctx, c, e)
	return true
}

// saveDeath saves that the connection is dead. The caller holds the lock.
func (t *Transport) saveDeath(ctx context.Context, c Connection, e *Error) {
	c.Dead = e.Code
	if err := t.config.Connections.Save(ctx, t.config.ConnectionID, c); err != nil {
		e.note = fmt.Errorf("saving that the connection is dead: %w", err)
	}
}

// latch makes all further requests fail (S8.33).
func (t *Transport) latch(e *Error) {
	t.mu.Lock()
	first := t.dead == nil
	if first {
		t.dead = e
	}
	t.mu.Unlock()
	if first && t.config.Dead != nil {
		t.config.Dead(e)
	}
}
