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
	l := &look{transport: t, token: token, refusal: e}
	for range maxTasks {
		current, begun, err := t.tokenOrLook(l)
		if current == nil {
			return err
		}
		if err := current.wait(ctx); err != nil {
			return e.with(err)
		}
		switch {
		case !begun:
		case l.found:
			return nil
		case current.err != nil:
			return e.with(current.err)
		case e.Action != Reconnect:
			return e
		}
	}
	return e
}

// tokenOrLook returns nil if there is another token, an error, or the task to wait
// for. While the token lives, no request waits for a renewal.
func (t *Transport) tokenOrLook(l *look) (current *task, begun bool, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	fatal := l.refusal.Action == Reconnect
	switch {
	case t.dead != nil:
		return nil, false, t.dead
	case t.token.Text != l.token:
		return nil, false, nil
	case !fatal && (time.Since(t.lookedAt) < lookPause || t.task != nil && t.task.kind != looking):
		return nil, false, l.refusal
	}
	current, begun = t.begin(looking, l.run)
	return current, begun, nil
}

// lookAgain returns the task that asks the store whether a dead connection was
// replaced, or nil if the store was asked just now. The caller holds mu.
func (t *Transport) lookAgain(now time.Time) *task {
	if now.Sub(t.lookedAt) < lookPause {
		return nil
	}
	current, _ := t.begin(looking, (&look{transport: t, refusal: t.dead}).run)
	return current
}

// look asks the store for another connection than the one whose token was refused.
type look struct {
	transport *Transport
	token     string
	refusal   *Error
	found     bool
}

func (l *look) run(ctx context.Context) error {
	t := l.transport
	defer t.looked()
	for range maxReplaced {
		c, err := t.load(ctx)
		if err != nil {
			return err
		}
		if l.isAnother(c) {
			l.found = true
			l.goOn(c)
			return nil
		}
		if l.refusal.Action != Reconnect || t.bury(ctx, l.refusal) {
			return nil
		}
	}
	return nil
}

// isAnother reports whether c is another connection than that of the token. One that
// this process renewed and could not save is not.
func (l *look) isAnother(c Connection) bool {
	t := l.transport
	if t.memory.waits() && t.usedSince == t.changes {
		return false
	}
	return c.Dead == "" && (t.dead != nil || t.tokenOf(c).Text != l.token)
}

// goOn goes on with c. A token that was refused for its scope serves other requests
// until c has one: the request that was refused has it renewed.
func (l *look) goOn(c Connection) {
	t := l.transport
	if t.memory.waits() {
		c = Connection{} // nothing of it is used before it is saved
	}
	if l.refusal.Action == Reconnect || t.tokenOf(c).living(time.Now()) {
		t.change(c)
	}
}

// lookMeanwhile returns the task that asks the store for another connection than the
// one that could not be renewed, or nil if the store was asked just now, or failed. The
// caller holds mu.
func (t *Transport) lookMeanwhile(now time.Time) *task {
	if !t.failure.looks || now.Sub(t.lookedAt) < lookPause {
		return nil
	}
	seen := t.failure.seen
	current, _ := t.begin(looking, func(ctx context.Context) error {
		defer t.looked()
		c, err := t.load(ctx)
		switch {
		case err != nil, c.Revision == seen, t.memory.waits():
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
	t.token, t.dead, t.failure, t.usedSince = t.tokenOf(c), nil, failure{}, t.changes
}

// bury ends the connection in memory: it saves that it is dead, latches it, and calls
// Config.Dead. It reports false, and has no effect, if another one is stored.
func (t *Transport) bury(ctx context.Context, e *Error) bool {
	death := *e // the request that was refused has e
	switch err := t.saveDeath(ctx, death.Code); {
	case errors.Is(err, errReplaced):
		return false
	case err != nil:
		death.note = err
	}
	if t.latch(&death) && t.config.Dead != nil {
		go recovered(ctx, func(context.Context) error { t.config.Dead(&death); return nil })
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
