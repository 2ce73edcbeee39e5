package bearergatetest_test

import (
	"context"
	"testing"
	"time"

	"github.com/bearergate/bearergate/bearergatetest"
	"github.com/bearergate/bearergate/client"
	"github.com/bearergate/bearergate/internal/mustfail"
)

// faultyConnections is MemoryConnections but for what a field replaces.
type faultyConnections struct {
	client.MemoryConnections
	load func(client.Connection, error) (client.Connection, error)
	save func(*client.Connection)
	lock func(m *client.MemoryConnections, ctx context.Context, id string) (func(), error)
}

func (f *faultyConnections) Load(ctx context.Context, id string) (client.Connection, error) {
	c, err := f.MemoryConnections.Load(ctx, id)
	if f.load != nil {
		return f.load(c, err)
	}
	return c, err
}

func (f *faultyConnections) Save(ctx context.Context, id string, c client.Connection) error {
	if f.save != nil {
		f.save(&c)
	}
	return f.MemoryConnections.Save(ctx, id, c)
}

func (f *faultyConnections) Lock(ctx context.Context, id string) (func(), error) {
	if f.lock != nil {
		return f.lock(&f.MemoryConnections, ctx, id)
	}
	return f.MemoryConnections.Lock(ctx, id)
}

// TestFaultyConnectionStoreFails runs the tests of each faulty store in another
// process, since they fail.
func TestFaultyConnectionStoreFails(t *testing.T) {
	for name, spoil := range map[string]func(*faultyConnections){
		"has what is not there": func(f *faultyConnections) {
			f.load = func(c client.Connection, _ error) (client.Connection, error) { return c, nil }
		},
		"forgets the access token": func(f *faultyConnections) { f.save = func(c *client.Connection) { c.Access = client.Token{} } },
		"forgets that it is dead":  func(f *faultyConnections) { f.save = func(c *client.Connection) { c.Dead = "" } },
		"forgets when it was issued": func(f *faultyConnections) {
			f.save = func(c *client.Connection) { c.Installation.IssuedAt = c.Installation.ExpiresAt }
		},
		"does not lock": func(f *faultyConnections) {
			f.lock = func(*client.MemoryConnections, context.Context, string) (func(), error) { return func() {}, nil }
		},
		"has one lock for all": func(f *faultyConnections) {
			f.lock = func(m *client.MemoryConnections, ctx context.Context, _ string) (func(), error) {
				ctx, cancel := context.WithTimeout(ctx, 200*time.Millisecond)
				defer cancel()
				return m.Lock(ctx, "all")
			}
		},
	} {
		mustfail.Run(t, name, func(t *testing.T) {
			bearergatetest.TestConnectionStore(t, func(*testing.T) client.ConnectionStore {
				store := new(faultyConnections)
				spoil(store)
				return store
			})
		})
	}
}
