package client

import (
	"context"
	"errors"
	"time"

	"github.com/bearergate/bearergate"
)

// lookPause is how long the store is not asked again for another connection.
const lookPause = time.Second

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

// deathOf returns the refusal that ended c.
func (t *Transport) deathOf(c Connection) *Error {
	if t.dead != nil {
		return t.dead
	}
	return &Error{Status: c.Dead.Status(), Code: c.Dead, Action: Reconnect}
}

// another looks for another connection after a request with the token was refused.
// It returns nil if there is one to repeat the request with, and else the refusal
// (S8.9). If nothing else is stored, a refusal with the action Reconnect ends the
// connection.
func (t *Transport) another(ctx context.Context, token string, e *Error) error {
	for range maxTasks {
		current, begun, err := t.tokenOrLook(token, e)
		if current == nil {
			return err
		}
		if err := current.wait(ctx); err != nil {
			return errors.Join(e, err)
		}
		if begun && current.err != nil && deathIn(current.err) == nil {
			return errors.Join(e, current.err)
		}
	}
	return e
}

// tokenOrLook returns nil if there is another token, an error, or the task to wait
// for.
func (t *Transport) tokenOrLook(token string, e *Error) (current *task, begun bool, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case t.dead != nil:
		return nil, false, t.dead
	case t.token.Text != token:
		return nil, false, nil
	case e.Action != Reconnect && time.Since(t.lookedAt) < lookPause:
		return nil, false, e
	}
	current, begun = t.begin(t.look(token, e))
	return current, begun, nil
}

// lookAgain returns the task that asks the store whether a dead connection was
// replaced, or nil if the store was asked just now. The caller holds mu.
func (t *Transport) lookAgain(now time.Time) *task {
	if now.Sub(t.lookedAt) < lookPause {
		return nil
	}
	current, _ := t.begin(t.look("", t.dead))
	return current
}

// look returns the task that asks the store for another connection than the one of
// the token.
func (t *Transport) look(token string, e *Error) func(context.Context) error {
	return func(ctx context.Context) error {
		defer t.looked()
		for range maxReplaced {
			c, err := t.load(ctx)
			if err != nil {
				return err
			}
			if c.Dead == "" && !t.memory.waits() && (t.dead != nil || t.tokenOf(c).Text != token) {
				t.change(c)
				return nil
			}
			if e.Action != Reconnect || t.bury(ctx, e) {
				return e
			}
		}
		return e
	}
}

// lookMeanwhile returns the task that asks the store for another connection than the
// one that could not be renewed, if the endpoint asked to wait, and if the store was
// not asked just now. Else it returns nil. The caller holds mu.
func (t *Transport) lookMeanwhile(now time.Time) *task {
	if !t.failure.asked || now.Sub(t.lookedAt) < lookPause {
		return nil
	}
	seen := t.failure.seen
	current, _ := t.begin(func(ctx context.Context) error {
		defer t.looked()
		c, err := t.load(ctx)
		switch {
		case err != nil || c.Revision == seen:
		case c.Dead != "":
			t.bury(ctx, t.deathOf(c))
		default:
			t.change(c)
		}
		return err
	})
	return current
}

func (t *Transport) looked() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.lookedAt = time.Now()
}

// change goes on with another connection.
func (t *Transport) change(c Connection) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.token, t.dead, t.failure = t.tokenOf(c), nil, failure{}
}

// bury ends the connection in memory: it saves that it is dead, latches it, and tells
// the application. It reports false, and has no effect, if another one is stored.
func (t *Transport) bury(ctx context.Context, e *Error) bool {
	death := *e // the request that was refused has e
	switch err := t.saveDeath(ctx, death.Code); {
	case errors.Is(err, errReplaced):
		return false
	case err != nil:
		death.note = err
	}
	if t.latch(&death) && t.config.Dead != nil {
		t.config.Dead(&death)
	}
	return true
}

// saveDeath saves that the connection in memory is dead.
func (t *Transport) saveDeath(ctx context.Context, code bearergate.Code) error {
	c := t.memory.connection
	if c.Dead != "" {
		return nil
	}
	c.Dead = code
	_, err := t.keep(ctx, c)
	return err
}

// latch makes all further requests fail (S8.33), until another connection is
// stored. It reports whether the connection was alive.
func (t *Transport) latch(e *Error) (first bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.lookedAt = time.Now()
	if t.dead != nil {
		return false
	}
	t.dead = e
	return true
}
