package client

import (
	"context"
	"errors"
	"fmt"
	"time"
)

const (
	// saveTimeout is what saving has of time at least, so that an answer that came
	// late is saved as well.
	saveTimeout = 3 * time.Second
	// maxSaves is how many times saving is tried without a request: for half an hour.
	maxSaves = 120
)

// memory is the newest connection that this process knows. A server's answer is
// here before it is in the store, and stays here until it could be saved (S8.16).
type memory struct {
	connection Connection // its Revision is that of the stored one
	replaced   string     // the refresh token that connection.RefreshToken replaced
	unsaved    bool       // connection has something that the store does not have
	fault      error      // of the last attempt to save
	faults     int
	scheduled  bool // a further attempt
}

// load returns the newest connection: the stored one, or the one in memory if that
// continues the stored one.
func (t *Transport) load(ctx context.Context) (Connection, error) {
	stored, err := t.config.Connections.Load(ctx, t.config.ConnectionID)
	if err != nil {
		return Connection{}, fmt.Errorf("client: loading the connection: %w", err)
	}
	if !t.memory.continues(stored) {
		t.memory = memory{connection: stored}
		return stored, nil
	}
	t.memory.connection.Revision = stored.Revision
	t.memory.unsaved = !sameTokens(t.memory.connection, stored) // a save may have taken effect though it failed
	if t.memory.unsaved {
		t.save(ctx)
	}
	return t.memory.connection, nil
}

func sameTokens(a, b Connection) bool {
	return a.RefreshToken == b.RefreshToken && a.Access.Text == b.Access.Text && a.Installation.Text == b.Installation.Text
}

// continues reports whether m has what a server answered to the tokens of stored.
// It is false if the application has stored another connection.
func (m *memory) continues(stored Connection) bool {
	known := stored.RefreshToken == m.connection.RefreshToken && m.unsaved ||
		stored.RefreshToken == m.replaced && m.replaced != ""
	return known && stored.Dead == "" && stored.GrantID == m.connection.GrantID
}

// keep remembers c, which a server answered, and saves it. If the application has
// stored another connection meanwhile, it returns that one and errReplaced.
func (t *Transport) keep(ctx context.Context, c Connection) (Connection, error) {
	if before := t.memory.connection.RefreshToken; before != c.RefreshToken {
		t.memory.replaced = before
	}
	t.memory.connection, t.memory.unsaved = c, true
	return t.save(ctx)
}

// errReplaced means that the store has another connection than the one in memory.
var errReplaced = errors.New("client: another connection was stored meanwhile")

// save saves the connection in memory. After a conflict it compares: whatever the
// application saved last stays (S8.34).
func (t *Transport) save(ctx context.Context) (Connection, error) {
	ctx, cancel := withTimeToSave(ctx)
	defer cancel()
	for range maxConflicts {
		next := t.memory.connection
		next.Revision++
		err := t.config.Connections.Save(ctx, t.config.ConnectionID, next)
		if err == nil {
			t.memory = memory{connection: next, replaced: t.memory.replaced, scheduled: t.memory.scheduled}
			return next, nil
		}
		if !errors.Is(err, ErrConflict) {
			return t.memory.connection, t.notSaved(err)
		}
		stored, err := t.config.Connections.Load(ctx, t.config.ConnectionID)
		if err != nil {
			return t.memory.connection, t.notSaved(err)
		}
		if !t.memory.continues(stored) {
			t.memory = memory{connection: stored}
			return stored, errReplaced
		}
		t.memory.connection.Revision = stored.Revision
	}
	return t.memory.connection, t.notSaved(ErrConflict)
}

// withTimeToSave returns a context that ends with ctx, or later.
func withTimeToSave(ctx context.Context) (context.Context, context.CancelFunc) {
	deadline := time.Now().Add(saveTimeout)
	if d, ok := ctx.Deadline(); ok && d.After(deadline) {
		deadline = d
	}
	return context.WithDeadline(context.WithoutCancel(ctx), deadline)
}

// notSaved has the connection saved later, also if no request comes.
func (t *Transport) notSaved(err error) error {
	m := &t.memory
	m.fault = fmt.Errorf("client: saving the connection: %w", err)
	m.faults++
	if !m.scheduled && m.faults < maxSaves {
		m.scheduled = true
		time.AfterFunc(growing(m.faults), func() { t.do(context.Background(), t.saveLater) })
	}
	return m.fault
}

func (t *Transport) saveLater(ctx context.Context) error {
	t.memory.scheduled = false
	if !t.memory.unsaved {
		return nil
	}
	_, err := t.load(ctx)
	return err
}
