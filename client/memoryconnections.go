package client

import (
	"context"
	"sync"
)

// MemoryConnections is a [ConnectionStore] in memory, for one process. The zero
// value is empty and ready to use. It is safe for concurrent use.
type MemoryConnections struct {
	mu          sync.Mutex
	connections map[string]Connection
	locks       map[string]chan struct{} // of the ids that are locked; closed by unlock
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
	if c.Revision != m.connections[id].Revision+1 {
		return ErrConflict
	}
	if m.connections == nil {
		m.connections = make(map[string]Connection)
	}
	m.connections[id] = c
	return nil
}

// Lock implements [ConnectionStore].
func (m *MemoryConnections) Lock(ctx context.Context, id string) (unlock func(), err error) {
	for {
		held := m.tryLock(id)
		if held == nil {
			return func() { m.unlock(id) }, nil
		}
		select {
		case <-held:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

// tryLock locks id and returns nil. If id is locked, it returns a channel that is
// closed when the holder unlocks it.
func (m *MemoryConnections) tryLock(id string) (held <-chan struct{}) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if held, ok := m.locks[id]; ok {
		return held
	}
	if m.locks == nil {
		m.locks = make(map[string]chan struct{})
	}
	m.locks[id] = make(chan struct{})
	return nil
}

func (m *MemoryConnections) unlock(id string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	close(m.locks[id])
	delete(m.locks, id)
}
