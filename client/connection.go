package client

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/bearergate/bearergate"
)

// Connection is what an app keeps for one user: its grant, and the tokens. All of
// it is secret but GrantID and Dead.
type Connection struct {
	GrantID      string
	RefreshToken string
	Access       Token
	Installation Token
	// Dead is the code with which the connection ended, empty for a living one.
	Dead bearergate.Code
}

// Token is one that expires.
type Token struct {
	Text      string
	IssuedAt  time.Time
	ExpiresAt time.Time
}

// renewMargin is how long before its end a token is renewed; one that lives
// shorter than four times as long, in its last quarter.
const renewMargin = time.Minute

// fresh reports whether there is a token that need not be renewed.
func (t Token) fresh(now time.Time) bool {
	return t.Text != "" && now.Before(t.ExpiresAt.Add(-min(renewMargin, t.ExpiresAt.Sub(t.IssuedAt)/4)))
}

func (t Token) living(now time.Time) bool { return t.Text != "" && now.Before(t.ExpiresAt) }

// ConnectionStore keeps connections, for all processes that share them.
// bearergatetest.TestConnectionStore tests one.
type ConnectionStore interface {
	// Load returns the connection. An error with [ErrNoConnection] in its tree means
	// that there is none of this id; any other that it cannot tell.
	Load(ctx context.Context, id string) (Connection, error)

	// Save keeps the connection in place of what there was. When it has returned
	// without error, every later Load has it.
	Save(ctx context.Context, id string, c Connection) error

	// Lock returns when nobody else holds the lock of this id, or with an error when
	// ctx ends before. unlock is called once. The lock of a process that ended is to
	// be given up after a while, not before a minute.
	Lock(ctx context.Context, id string) (unlock func(), err error)
}

// ErrNoConnection is for a [ConnectionStore] that has no connection of an id.
var ErrNoConnection = errors.New("client: no such connection")

// MemoryConnections is a [ConnectionStore] for one process, which forgets when
// the program ends. The zero value is empty and ready to use.
type MemoryConnections struct {
	mu          sync.Mutex
	connections map[string]Connection
	locks       map[string]chan struct{} // there while held; closed to let go
}

// Load implements [ConnectionStore].
func (m *MemoryConnections) Load(_ context.Context, id string) (Connection, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	c, ok := m.connections[id]
	if !ok {
		return c, ErrNoConnection
	}
	return c, nil
}

// Save implements [ConnectionStore].
func (m *MemoryConnections) Save(_ context.Context, id string, c Connection) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.connections == nil {
		m.connections = make(map[string]Connection)
	}
	m.connections[id] = c
	return nil
}

// Lock implements [ConnectionStore].
func (m *MemoryConnections) Lock(ctx context.Context, id string) (unlock func(), err error) {
	for {
		m.mu.Lock()
		held, ok := m.locks[id]
		if !ok {
			if m.locks == nil {
				m.locks = make(map[string]chan struct{})
			}
			released := make(chan struct{})
			m.locks[id] = released
			m.mu.Unlock()
			return func() {
				m.mu.Lock()
				delete(m.locks, id)
				m.mu.Unlock()
				close(released)
			}, nil
		}
		m.mu.Unlock()
		select {
		case <-held:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}
