package connectiontest_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/bearergate/bearergate/client"
	"github.com/bearergate/bearergate/client/connectiontest"
	"github.com/bearergate/bearergate/internal/mustfail"
)

func TestMemoryConnectionsPass(t *testing.T) {
	connectiontest.Run(t, func(*testing.T) func() client.ConnectionStore { return always(new(client.MemoryConnections)) })
}

func always(store client.ConnectionStore) func() client.ConnectionStore {
	return func() client.ConnectionStore { return store }
}

// faultyConnections is MemoryConnections except for what a field replaces.
type faultyConnections struct {
	client.MemoryConnections
	load func(client.Connection, error) (client.Connection, error)
	save func(*client.Connection)
	id   func(string) string
	// refuses reports whether an id is refused.
	refuses func(id string) bool
	// dead replaces the answer if the context is dead. c is nil for Load.
	dead func(m *client.MemoryConnections, ctx context.Context, id string, c *client.Connection) error
	// conflict replaces the answer to Save of a revision that does not follow.
	conflict func(m *client.MemoryConnections, ctx context.Context, id string, c client.Connection) error
	lock     func(m *client.MemoryConnections, ctx context.Context, id string) (func(), error)
}

func (f *faultyConnections) Load(ctx context.Context, id string) (client.Connection, error) {
	if f.dead != nil && ctx.Err() != nil {
		return client.Connection{}, f.dead(&f.MemoryConnections, ctx, id, nil)
	}
	if f.id != nil {
		id = f.id(id)
	}
	c, err := f.MemoryConnections.Load(ctx, id)
	if f.load != nil {
		return f.load(c, err)
	}
	return c, err
}

func (f *faultyConnections) Save(ctx context.Context, id string, c client.Connection) error {
	if f.dead != nil && ctx.Err() != nil {
		return f.dead(&f.MemoryConnections, ctx, id, &c)
	}
	if f.id != nil {
		id = f.id(id)
	}
	if f.refuses != nil && f.refuses(id) {
		return errors.New("value too long")
	}
	if f.save != nil {
		f.save(&c)
	}
	err := f.MemoryConnections.Save(ctx, id, c)
	if err != nil && f.conflict != nil {
		return f.conflict(&f.MemoryConnections, ctx, id, c)
	}
	return err
}

// overwrite saves c whatever is stored.
func overwrite(m *client.MemoryConnections, ctx context.Context, id string, c client.Connection) error {
	return client.SaveConnection(ctx, m, id, c)
}

func (f *faultyConnections) Lock(ctx context.Context, id string) (func(), error) {
	if f.lock != nil {
		return f.lock(&f.MemoryConnections, ctx, id)
	}
	return f.MemoryConnections.Lock(ctx, id)
}

func TestFaultyStoreFails(t *testing.T) {
	for name, spoil := range map[string]func(*faultyConnections){
		"loads what is not there": func(f *faultyConnections) {
			f.load = func(c client.Connection, _ error) (client.Connection, error) { return c, nil }
		},
		"forgets the grant":              func(f *faultyConnections) { f.save = func(c *client.Connection) { c.GrantID = "" } },
		"forgets the refresh token":      func(f *faultyConnections) { f.save = func(c *client.Connection) { c.RefreshToken = "" } },
		"forgets the access token":       func(f *faultyConnections) { f.save = func(c *client.Connection) { c.Access.Text = "" } },
		"forgets the installation token": func(f *faultyConnections) { f.save = func(c *client.Connection) { c.Installation.Text = "" } },
		"forgets that it is dead":        func(f *faultyConnections) { f.save = func(c *client.Connection) { c.Dead = "" } },
		"forgets when it was issued": func(f *faultyConnections) {
			f.save = func(c *client.Connection) { c.Installation.IssuedAt = c.Installation.ExpiresAt }
		},
		"mixes up the tokens": func(f *faultyConnections) {
			f.save = func(c *client.Connection) { c.Access, c.Installation = c.Installation, c.Access }
		},
		"stores whole seconds": func(f *faultyConnections) {
			f.save = func(c *client.Connection) { c.Access.ExpiresAt = c.Access.ExpiresAt.Truncate(time.Second) }
		},
		"saves any revision": func(f *faultyConnections) { f.conflict = overwrite },
		"saves in spite of a conflict": func(f *faultyConnections) {
			f.conflict = func(m *client.MemoryConnections, ctx context.Context, id string, c client.Connection) error {
				overwrite(m, ctx, id, c)
				return client.ErrConflict
			}
		},
		"has another error for conflicts": func(f *faultyConnections) {
			f.conflict = func(*client.MemoryConnections, context.Context, string, client.Connection) error {
				return errors.New("0 rows")
			}
		},
		"hides conflicts": func(f *faultyConnections) {
			f.conflict = func(*client.MemoryConnections, context.Context, string, client.Connection) error { return nil }
		},
		"saves a first one of any revision": func(f *faultyConnections) {
			f.conflict = func(m *client.MemoryConnections, ctx context.Context, id string, c client.Connection) error {
				if _, err := m.Load(ctx, id); err == nil {
					return client.ErrConflict
				}
				return overwrite(m, ctx, id, c)
			}
		},
		"saves a revision again": func(f *faultyConnections) {
			f.conflict = func(m *client.MemoryConnections, ctx context.Context, id string, c client.Connection) error {
				if stored, _ := m.Load(ctx, id); stored.Revision != c.Revision {
					return client.ErrConflict
				}
				return overwrite(m, ctx, id, c)
			}
		},
		"forgets the revision": func(f *faultyConnections) {
			f.load = func(c client.Connection, err error) (client.Connection, error) { c.Revision = 0; return c, err }
		},
		"ignores case":     func(f *faultyConnections) { f.id = strings.ToLower },
		"repairs UTF-8":    func(f *faultyConnections) { f.id = func(id string) string { return strings.ToValidUTF8(id, "\ufffd") } },
		"cuts long ids":    func(f *faultyConnections) { f.id = func(id string) string { return id[:min(len(id), 255)] } },
		"refuses long ids": func(f *faultyConnections) { f.refuses = func(id string) bool { return len(id) > 255 } },
		"says a dead context saved": func(f *faultyConnections) {
			f.dead = func(*client.MemoryConnections, context.Context, string, *client.Connection) error { return nil }
		},
		"calls a dead context a conflict": func(f *faultyConnections) {
			f.dead = func(_ *client.MemoryConnections, ctx context.Context, _ string, c *client.Connection) error {
				if c == nil {
					return ctx.Err()
				}
				return client.ErrConflict
			}
		},
		"knows nothing in a dead context": func(f *faultyConnections) {
			f.dead = func(_ *client.MemoryConnections, ctx context.Context, _ string, c *client.Connection) error {
				if c == nil {
					return client.ErrNoConnection
				}
				return ctx.Err()
			}
		},
		"saves half in a dead context": func(f *faultyConnections) {
			f.dead = func(m *client.MemoryConnections, ctx context.Context, id string, c *client.Connection) error {
				if c != nil {
					c.Access = client.StoredToken{}
					m.Save(ctx, id, *c)
				}
				return ctx.Err()
			}
		},
		"does not lock": func(f *faultyConnections) {
			f.lock = func(*client.MemoryConnections, context.Context, string) (func(), error) { return func() {}, nil }
		},
		"has one lock for all": func(f *faultyConnections) {
			f.lock = func(m *client.MemoryConnections, ctx context.Context, _ string) (func(), error) {
				return m.Lock(ctx, "all")
			}
		},
		"does not unlock": func(f *faultyConnections) {
			f.lock = func(m *client.MemoryConnections, ctx context.Context, id string) (func(), error) {
				_, err := m.Lock(ctx, id)
				return func() {}, err
			}
		},
		"waits beyond the context": func(f *faultyConnections) {
			f.lock = func(m *client.MemoryConnections, _ context.Context, id string) (func(), error) {
				return m.Lock(context.Background(), id)
			}
		},
	} {
		mustfail.Run(t, name, func(t *testing.T) {
			connectiontest.Run(t, func(*testing.T) func() client.ConnectionStore {
				store := new(faultyConnections)
				spoil(store)
				return always(store)
			})
		})
	}
}
