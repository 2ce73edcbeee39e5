package clienttest_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/internal/mustfail"
	"github.com/bearergate/bearergate/tokenendpoint"
	"github.com/bearergate/bearergate/tokenendpoint/clienttest"
)

type (
	client = tokenendpoint.Client
	store  = tokenendpoint.ClientStoreFunc
)

// memory is a sound store.
type memory struct {
	mu      sync.Mutex
	clients map[string]client
}

func (m *memory) put(c client) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.clients == nil {
		m.clients = make(map[string]client)
	}
	m.clients[c.ID] = clone(c)
	return nil
}

func (m *memory) find(_ context.Context, id string) (client, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	c, ok := m.clients[id]
	if !ok {
		return client{}, bearergate.ErrInvalidClient
	}
	return clone(c), nil
}

func clone(c client) client {
	c.Secrets, c.RedirectURIs = slices.Clone(c.Secrets), slices.Clone(c.RedirectURIs)
	return c
}

func run(t *testing.T, open func(m *memory) tokenendpoint.ClientStore, put func(m *memory, c client) error) {
	clienttest.Run(t, func(*testing.T) (func() tokenendpoint.ClientStore, func(client) error) {
		m := new(memory)
		return func() tokenendpoint.ClientStore { return open(m) }, func(c client) error { return put(m, c) }
	})
}

func sound(m *memory) tokenendpoint.ClientStore { return store(m.find) }

func TestSoundStorePasses(t *testing.T) { run(t, sound, (*memory).put) }

// TestStoreThatRefusesIdsPasses has a store that refuses what some databases do.
func TestStoreThatRefusesIdsPasses(t *testing.T) {
	refuses := func(id string) error {
		if strings.ToValidUTF8(id, "") != id || strings.Contains(id, "\x00") {
			return errors.New("invalid byte sequence")
		}
		return nil
	}
	run(t, func(m *memory) tokenendpoint.ClientStore {
		return store(func(ctx context.Context, id string) (client, error) {
			if err := refuses(id); err != nil {
				return client{}, err
			}
			return m.find(ctx, id)
		})
	}, func(m *memory, c client) error {
		if err := refuses(c.ID); err != nil {
			return err
		}
		return m.put(c)
	})
}

func refuseAssertions(c client) error {
	if c.Assertions != nil {
		return errors.New("a verifier cannot be stored")
	}
	return nil
}

func TestStoreThatRefusesAssertionsPasses(t *testing.T) {
	run(t, sound, func(m *memory, c client) error {
		if err := refuseAssertions(c); err != nil {
			return err
		}
		return m.put(c)
	})
}

func TestStoreThatPutsOtherClientsFails(t *testing.T) {
	for name, change := range map[string]func(c *client){
		"forgets a secret":          func(c *client) { c.Secrets = c.Secrets[:min(1, len(c.Secrets))] },
		"forgets the redirect URIs": func(c *client) { c.RedirectURIs = nil },
		"sorts the redirect URIs":   func(c *client) { slices.Sort(c.RedirectURIs) },
		"splits redirect URIs": func(c *client) {
			if len(c.RedirectURIs) > 0 {
				c.RedirectURIs = strings.Split(strings.Join(c.RedirectURIs, ","), ",")
			}
		},
		"forgets Assertions": func(c *client) { c.Assertions = nil },
		"forgets Assertions of clients with secrets": func(c *client) {
			if len(c.Secrets) > 0 {
				c.Assertions = nil
			}
		},
		"accepts all assertions": func(c *client) {
			if c.Assertions != nil {
				c.Assertions = bearergate.VerifierFunc(func(context.Context, string) (*bearergate.Token, error) { return nil, nil })
			}
		},
		"forgets the loopback port": func(c *client) { c.AnyLoopbackPort = false },
		"makes public clients confidential": func(c *client) {
			if len(c.Secrets) == 0 {
				c.Secrets = []tokenendpoint.Sum{{}}
			}
		},
		"stores secrets as text": func(c *client) {
			for i := range c.Secrets {
				c.Secrets[i][0] &= 0x7f
			}
		},
		"ignores case of ids": func(c *client) { c.ID = strings.ToLower(c.ID) },
	} {
		mustfail.Run(t, name, func(t *testing.T) {
			run(t, sound, func(m *memory, c client) error {
				c = clone(c)
				change(&c)
				return m.put(c)
			})
		})
	}
}

func TestStoreThatAnswersWronglyFails(t *testing.T) {
	type find = func(ctx context.Context, id string) (client, error)
	for name, spoil := range map[string]func(m *memory) find{
		"confuses case": func(m *memory) find {
			return func(ctx context.Context, id string) (client, error) {
				c, err := m.find(ctx, id)
				if err != nil {
					return m.find(ctx, strings.ToLower(id))
				}
				return c, err
			}
		},
		"ends at NUL": func(m *memory) find {
			return func(ctx context.Context, id string) (client, error) {
				before, _, _ := strings.Cut(id, "\x00")
				return m.find(ctx, before)
			}
		},
		"returns a zero client for unknown ones": func(m *memory) find {
			return func(ctx context.Context, id string) (client, error) {
				c, _ := m.find(ctx, id)
				return c, nil
			}
		},
		"fails for unknown clients": func(m *memory) find {
			return func(ctx context.Context, id string) (client, error) {
				c, err := m.find(ctx, id)
				if err != nil {
					err = errors.New("no rows")
				}
				return c, err
			}
		},
		"calls a dead context unknown": func(m *memory) find {
			return func(ctx context.Context, id string) (client, error) {
				if ctx.Err() != nil {
					return client{}, bearergate.ErrInvalidClient
				}
				return m.find(ctx, id)
			}
		},
		"returns a zero client for a dead context": func(m *memory) find {
			return func(ctx context.Context, id string) (client, error) {
				if ctx.Err() != nil {
					return client{}, nil
				}
				return m.find(ctx, id)
			}
		},
		"caches": func(m *memory) find {
			var kept sync.Map
			return func(ctx context.Context, id string) (client, error) {
				if c, ok := kept.Load(id); ok {
					return clone(c.(client)), nil
				}
				c, err := m.find(ctx, id)
				if err == nil {
					kept.Store(id, c)
				}
				return c, err
			}
		},
		"mixes concurrent calls": func(m *memory) find {
			var mu sync.Mutex
			var last string
			return func(ctx context.Context, id string) (client, error) {
				mu.Lock()
				last = id
				mu.Unlock()
				time.Sleep(time.Millisecond)
				mu.Lock()
				defer mu.Unlock()
				return m.find(ctx, last)
			}
		},
		"shares slices": func(m *memory) find {
			return func(ctx context.Context, id string) (client, error) {
				m.mu.Lock()
				defer m.mu.Unlock()
				c, ok := m.clients[id]
				if !ok {
					return c, bearergate.ErrInvalidClient
				}
				return c, nil
			}
		},
	} {
		mustfail.Run(t, name, func(t *testing.T) {
			run(t, func(m *memory) tokenendpoint.ClientStore { return store(spoil(m)) }, (*memory).put)
		})
	}
}

func TestOtherFaultyStoresFail(t *testing.T) {
	for name, test := range map[string]struct {
		open func(m *memory) tokenendpoint.ClientStore
		put  func(m *memory, c client) error
	}{
		"forgets when it is opened": {func(m *memory) tokenendpoint.ClientStore { m.clients = nil; return sound(m) }, (*memory).put},
		"keeps the first client": {sound, func(m *memory, c client) error {
			if _, err := m.find(context.Background(), c.ID); err == nil {
				return nil
			}
			return m.put(c)
		}},
		"refuses long ids": {sound, func(m *memory, c client) error {
			if len(c.ID) > 255 {
				return errors.New("value too long")
			}
			return m.put(c)
		}},
		"refuses Assertions, but puts the rest": {sound, func(m *memory, c client) error {
			err := refuseAssertions(c)
			c.Assertions = nil
			return errors.Join(err, m.put(c))
		}},
		"cuts long ids": {sound, func(m *memory, c client) error {
			c.ID = c.ID[:min(len(c.ID), 255)]
			return m.put(c)
		}},
	} {
		mustfail.Run(t, name, func(t *testing.T) { run(t, test.open, test.put) })
	}
}
