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
	saved      string     // the refresh token that was in the store when it was last loaded
	unsaved    bool       // connection has something that the store does not have
	fault      error      // of the last attempt to save
	faults     int        // attempts that failed
}

func memoryOf(stored Connection) memory {
	return memory{connection: stored, saved: stored.RefreshToken}
}

// load returns the newest connection: the stored one, or the one in memory if that
// continues the stored one.
func (t *Transport) load(ctx context.Context) (Connection, error) {
	stored, err := t.config.Connections.Load(ctx, t.config.ConnectionID)
	missing := errors.Is(err, ErrNoConnection)
	t.storeFails = err != nil && !missing
	if missing {
		t.remember(Connection{})
	}
	if err != nil {
		return Connection{}, fmt.Errorf("client: loading the connection: %w", err)
	}
	if t.compare(stored) == nil && t.memory.unsaved {
		t.save(ctx)
	}
	return t.memory.connection, nil
}

// compare compares memory with the stored connection. If that is another one,
// compare remembers it in place of what was known, and returns errReplaced.
func (t *Transport) compare(stored Connection) error {
	m := &t.memory
	if !m.continues(stored) {
		t.remember(stored)
		return errReplaced
	}
	m.connection.Revision, m.saved = stored.Revision, stored.RefreshToken
	m.unsaved = !sameState(m.connection, stored) // a save may have taken effect though it failed
	return nil
}

// remember remembers a stored connection in place of what was known.
func (t *Transport) remember(stored Connection) {
	if c := t.memory.connection; stored.GrantID != c.GrantID || stored.RefreshToken != c.RefreshToken {
		t.changes++
	}
	t.memory = memoryOf(stored)
}

func sameState(a, b Connection) bool {
	return a.RefreshToken == b.RefreshToken && a.Access.Text == b.Access.Text && a.Installation.Text == b.Installation.Text && a.Dead == b.Dead
}

// continues reports whether m has what a server answered to the tokens of stored.
// It is false if the application has stored another connection, or if another process
// has found it dead.
func (m *memory) continues(stored Connection) bool {
	switch c := m.connection; {
	case !m.unsaved && m.replaced == "", stored.GrantID != c.GrantID, stored.Dead != "" && stored.Dead != c.Dead:
		return false
	case stored.RefreshToken == "":
		return c.RefreshToken == "" && stored.Access.Text == c.Access.Text
	case stored.RefreshToken == c.RefreshToken:
		return m.unsaved
	}
	return stored.RefreshToken == m.replaced
}

// keep remembers c, which a server answered, and saves it. If the application has
// stored another connection meanwhile, it returns that one and errReplaced.
func (t *Transport) keep(ctx context.Context, c Connection) (Connection, error) {
	if before := t.memory.connection.RefreshToken; before != c.RefreshToken {
		t.memory.replaced = before
	}
	t.memory.connection, t.memory.unsaved, t.memory.fault = c, true, errUnsaved
	return t.save(ctx)
}

// waits reports whether there is a refresh token that could not be saved. Until it
// is, nothing that came with it is used: as long as the server knows of no use, it
// answers the token that the store has, to another process or after a crash (S8.35).
func (m *memory) waits() bool { return m.unsaved && m.connection.RefreshToken != m.saved }

// errUnsaved is the fault of a connection while the first attempt to save it is under
// way, and after one that panicked.
var errUnsaved = errors.New("client: the connection is not saved yet")

// errReplaced means that the store has another connection than the one in memory.
var errReplaced = errors.New("client: another connection was stored meanwhile")

// save saves the connection in memory. After a conflict it compares: whatever the
// application saved last stays (S8.34).
func (t *Transport) save(ctx context.Context) (Connection, error) {
	ctx, cancel := withTimeToSave(ctx)
	defer cancel()
	defer t.saveAgain()
	for range maxConflicts {
		next := t.memory.connection
		next.Revision++
		failed := t.config.Connections.Save(ctx, t.config.ConnectionID, next)
		if failed == nil {
			t.memory.isSaved(next)
			return next, nil
		}
		stored, err := t.config.Connections.Load(ctx, t.config.ConnectionID)
		if err != nil {
			return t.memory.connection, t.memory.notSaved(failed)
		}
		if err := t.compare(stored); err != nil || !t.memory.unsaved {
			return t.memory.connection, err
		}
		if !errors.Is(failed, ErrConflict) {
			return t.memory.connection, t.memory.notSaved(failed)
		}
	}
	return t.memory.connection, t.memory.notSaved(ErrConflict)
}

// isSaved remembers that c was saved.
func (m *memory) isSaved(c Connection) {
	m.connection, m.unsaved, m.fault, m.faults = c, false, nil, 0
}

// withTimeToSave returns a context that ends with ctx, or later.
func withTimeToSave(ctx context.Context) (context.Context, context.CancelFunc) {
	deadline := time.Now().Add(saveTimeout)
	if d, ok := ctx.Deadline(); ok && d.After(deadline) {
		deadline = d
	}
	return context.WithDeadline(context.WithoutCancel(ctx), deadline)
}

func (m *memory) notSaved(err error) error {
	m.fault = fmt.Errorf("client: saving the connection: %w", err)
	return m.fault
}

// saveAgain has the connection saved later if it is not saved, also if no request
// comes.
func (t *Transport) saveAgain() {
	m := &t.memory
	if !m.unsaved || t.saving || m.faults == maxSaves {
		return
	}
	m.faults++
	t.saving = true
	time.AfterFunc(growing(m.faults), func() { t.do(context.Background(), saving, t.saveLater) })
}

func (t *Transport) saveLater(ctx context.Context) error {
	t.saving = false
	defer t.saveAgain()
	if !t.memory.unsaved {
		return nil
	}
	_, err := t.load(ctx)
	return err
}
