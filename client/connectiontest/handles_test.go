package connectiontest_test

import (
	"context"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/bearergate/bearergate/client"
	"github.com/bearergate/bearergate/client/connectiontest"
	"github.com/bearergate/bearergate/internal/mustfail"
)

// handle is one of the handles of a store, except for what a field replaces.
type handle struct {
	client.ConnectionStore
	lock func(ctx context.Context, id string) (func(), error)
	load func(ctx context.Context, id string) (client.Connection, error)
}

func (h *handle) Lock(ctx context.Context, id string) (func(), error) {
	if h.lock != nil {
		return h.lock(ctx, id)
	}
	return h.ConnectionStore.Lock(ctx, id)
}

func (h *handle) Load(ctx context.Context, id string) (client.Connection, error) {
	if h.load != nil {
		return h.load(ctx, id)
	}
	return h.ConnectionStore.Load(ctx, id)
}

func TestStoreOfFaultyHandlesFails(t *testing.T) {
	for name, open := range map[string]func(m *client.MemoryConnections) client.ConnectionStore{
		"locks its own process alone": func(m *client.MemoryConnections) client.ConnectionStore {
			return &handle{ConnectionStore: m, lock: new(client.MemoryConnections).Lock}
		},
		"reads from a cache": func(m *client.MemoryConnections) client.ConnectionStore {
			return &handle{ConnectionStore: m, load: cached(m)}
		},
		"forgets when it is opened": func(m *client.MemoryConnections) client.ConnectionStore {
			*m = client.MemoryConnections{}
			return m
		},
		"saves with a lock alone": func(m *client.MemoryConnections) client.ConnectionStore { return &onePool{MemoryConnections: m} },
	} {
		mustfail.Run(t, name, func(t *testing.T) {
			connectiontest.Run(t, func(*testing.T) func() client.ConnectionStore {
				memory := new(client.MemoryConnections)
				return func() client.ConnectionStore { return open(memory) }
			})
		})
	}
}

func cached(m *client.MemoryConnections) func(ctx context.Context, id string) (client.Connection, error) {
	var cache sync.Map
	return func(ctx context.Context, id string) (client.Connection, error) {
		if c, ok := cache.Load(id); ok {
			return c.(client.Connection), nil
		}
		c, err := m.Load(ctx, id)
		if err == nil {
			cache.Store(id, c)
		}
		return c, err
	}
}

// onePool has a pool of 5 connections, of which a lock holds one.
type onePool struct {
	*client.MemoryConnections
	once sync.Once
	pool chan struct{}
}

func (p *onePool) take(ctx context.Context) (func(), error) {
	p.once.Do(func() { p.pool = make(chan struct{}, 5) })
	select {
	case p.pool <- struct{}{}:
		return func() { <-p.pool }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (p *onePool) Lock(ctx context.Context, id string) (func(), error) {
	release, err := p.take(ctx)
	if err != nil {
		return nil, err
	}
	unlock, err := p.MemoryConnections.Lock(ctx, id)
	if err != nil {
		release()
		return nil, err
	}
	return func() { unlock(); release() }, nil
}

func (p *onePool) Save(ctx context.Context, id string, c client.Connection) error {
	release, err := p.take(ctx)
	if err != nil {
		return err
	}
	defer release()
	return p.MemoryConnections.Save(ctx, id, c)
}

// leased has locks that expire.
type leased struct {
	client.MemoryConnections
	lease  time.Duration
	unlock func(l *leased, owner int)

	mu     sync.Mutex
	owner  int // 0: unlocked
	owners int
	until  time.Time
}

func (l *leased) Lock(ctx context.Context, _ string) (func(), error) {
	for {
		if owner := l.try(); owner > 0 {
			return func() {
				l.mu.Lock()
				defer l.mu.Unlock()
				l.unlock(l, owner)
			}, nil
		}
		select {
		case <-time.After(time.Millisecond):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func (l *leased) try() (owner int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.owner != 0 && time.Now().Before(l.until) {
		return 0
	}
	l.owners++
	l.owner, l.until = l.owners, time.Now().Add(l.lease)
	return l.owner
}

func unlockOwn(l *leased, owner int) {
	if l.owner == owner {
		l.owner = 0
	}
}

const lease = 400 * time.Millisecond

func TestLeasesPass(t *testing.T) {
	connectiontest.RunLease(t, lease, func(*testing.T) func() client.ConnectionStore {
		return always(&leased{lease: lease, unlock: unlockOwn})
	})
}

func TestFaultyLeaseFails(t *testing.T) {
	for name, store := range map[string]client.ConnectionStore{
		"never expires":        new(client.MemoryConnections),
		"expires too early":    &leased{lease: lease / 2, unlock: unlockOwn},
		"unlocks what expired": &leased{lease: lease, unlock: func(l *leased, _ int) { l.owner = 0 }},
	} {
		mustfail.Run(t, name, func(t *testing.T) {
			connectiontest.RunLease(t, lease, func(*testing.T) func() client.ConnectionStore { return always(store) })
		})
	}
}

// savesLater saves as a store does that is reached over a network. If the context ends
// first, Save returns an error and takes effect all the same.
type savesLater struct {
	client.MemoryConnections
	running sync.WaitGroup
}

func (s *savesLater) Save(ctx context.Context, id string, c client.Connection) error {
	saved := make(chan error, 1)
	s.running.Go(func() {
		time.Sleep(time.Duration(rand.Int64N(int64(500 * time.Microsecond))))
		saved <- s.MemoryConnections.Save(context.WithoutCancel(ctx), id, c)
	})
	select {
	case err := <-saved:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func TestStoreThatFinishesLaterPasses(t *testing.T) {
	connectiontest.Run(t, func(t *testing.T) func() client.ConnectionStore {
		store := new(savesLater)
		t.Cleanup(store.running.Wait)
		return always(store)
	})
}
