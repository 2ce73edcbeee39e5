package granttest_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/granttest"
	"github.com/bearergate/bearergate/internal/mustfail"
)

func TestMemoryGrants(t *testing.T) {
	granttest.Run(t, func(*testing.T) (func() bearergate.GrantStore, func(bearergate.Grant) error) {
		grants := new(bearergate.MemoryGrants)
		return func() bearergate.GrantStore { return grants }, grants.Put
	})
}

type fault func(grants *bearergate.MemoryGrants) (bearergate.GrantStore, func(bearergate.Grant) error)

// puts is a store that puts other grants than it was given.
func puts(change func(*bearergate.Grant)) fault {
	return func(m *bearergate.MemoryGrants) (bearergate.GrantStore, func(bearergate.Grant) error) {
		return m, func(g bearergate.Grant) error {
			change(&g)
			return m.Put(g)
		}
	}
}

// knowsBy is a store for which ids with one key are the same.
func knowsBy(key func(string) string) fault {
	return func(m *bearergate.MemoryGrants) (bearergate.GrantStore, func(bearergate.Grant) error) {
		find := func(ctx context.Context, id string) (bearergate.Grant, error) {
			g, err := m.Grant(ctx, key(id))
			if err == nil {
				g.ID = id
			}
			return g, err
		}
		return bearergate.GrantStoreFunc(find), func(g bearergate.Grant) error {
			g.ID = key(g.ID)
			return m.Put(g)
		}
	}
}

// answers is a store that answers something else.
func answers(change func(ctx context.Context, g bearergate.Grant, err error) (bearergate.Grant, error)) fault {
	return func(m *bearergate.MemoryGrants) (bearergate.GrantStore, func(bearergate.Grant) error) {
		return bearergate.GrantStoreFunc(func(ctx context.Context, id string) (bearergate.Grant, error) {
			g, err := m.Grant(ctx, id)
			return change(ctx, g, err)
		}), m.Put
	}
}

func TestFaultyStoreFails(t *testing.T) {
	type grant = bearergate.Grant
	for name, spoil := range map[string]fault{
		"forgets the organization": puts(func(g *grant) { g.OrganizationID = "acme" }),
		"forgets the scopes":       puts(func(g *grant) { g.Scopes = nil }),
		"forgets the projects":     puts(func(g *grant) { g.ProjectIDs = nil }),
		"takes no scopes for nil scopes": puts(func(g *grant) {
			if len(g.Scopes) == 0 {
				g.Scopes = nil
			}
		}),
		"takes nil scopes for no scopes": puts(func(g *grant) { g.Scopes = append([]string{}, g.Scopes...) }),
		"splits projects at commas":      puts(func(g *grant) { g.ProjectIDs = strings.Split(strings.Join(g.ProjectIDs, ","), ",") }),
		"ignores revocations to come": puts(func(g *grant) {
			if g.RevokedAt.After(time.Now()) {
				g.RevokedAt = time.Time{}
			}
		}),
		"stores whole seconds": puts(func(g *grant) { g.RevokedAt = g.RevokedAt.Truncate(time.Second) }),
		"cuts long ids":        knowsBy(func(id string) string { return id[:min(len(id), 255)] }),
		"ignores case":         knowsBy(strings.ToLower),
		"trims space":          knowsBy(strings.TrimSpace),
		"ends at NUL":          knowsBy(func(id string) string { before, _, _ := strings.Cut(id, "\x00"); return before }),
		"repairs UTF-8":        knowsBy(func(id string) string { return strings.ToValidUTF8(id, "\ufffd") }),
		"decodes percents":     knowsBy(func(id string) string { return strings.ReplaceAll(id, "%2F", "/") }),
		"returns no revoked grants": answers(func(_ context.Context, g grant, err error) (grant, error) {
			if !g.RevokedAt.IsZero() {
				return grant{}, bearergate.ErrGrantNotFound
			}
			return g, err
		}),
		"answers revoked grants by an error": answers(func(_ context.Context, g grant, err error) (grant, error) {
			if !g.RevokedAt.IsZero() {
				return grant{}, bearergate.ErrGrantRevoked
			}
			return g, err
		}),
		"fails for unknown grants": answers(func(_ context.Context, g grant, err error) (grant, error) {
			if err != nil {
				err = errors.New("no rows")
			}
			return g, err
		}),
		"returns a zero grant for unknown ones": answers(func(_ context.Context, g grant, _ error) (grant, error) { return g, nil }),
		"calls a dead context unknown": answers(func(ctx context.Context, g grant, err error) (grant, error) {
			if ctx.Err() != nil {
				return grant{}, bearergate.ErrGrantNotFound
			}
			return g, err
		}),
		"returns a zero grant for a dead context": answers(func(ctx context.Context, g grant, err error) (grant, error) {
			if ctx.Err() != nil {
				return grant{}, nil
			}
			return g, err
		}),
		"keeps the first grant":  keepsFirst,
		"shares slices":          shares,
		"shares returned slices": sharesReturned,
		"mixes concurrent calls": mixes,
	} {
		mustfail.Run(t, name, func(t *testing.T) {
			granttest.Run(t, func(*testing.T) (func() bearergate.GrantStore, func(bearergate.Grant) error) {
				store, put := spoil(new(bearergate.MemoryGrants))
				return func() bearergate.GrantStore { return store }, put
			})
		})
	}
}

// TestFaultyHandleFails has stores that are wrong with several handles, or with puts
// that fail.
func TestFaultyHandleFails(t *testing.T) {
	type store = bearergate.GrantStore
	for name, newStore := range map[string]func(m *bearergate.MemoryGrants) (open func() store, put func(bearergate.Grant) error){
		"caches": func(m *bearergate.MemoryGrants) (func() store, func(bearergate.Grant) error) {
			return func() store { return cached(m) }, m.Put
		},
		"forgets when it is opened": func(m *bearergate.MemoryGrants) (func() store, func(bearergate.Grant) error) {
			return func() store { *m = bearergate.MemoryGrants{}; return m }, m.Put
		},
		"refuses long ids": func(m *bearergate.MemoryGrants) (func() store, func(bearergate.Grant) error) {
			return func() store { return m }, func(g bearergate.Grant) error {
				if len(g.ID) > 255 {
					return errors.New("value too long")
				}
				return m.Put(g)
			}
		},
		"refuses an id and puts another": func(m *bearergate.MemoryGrants) (func() store, func(bearergate.Grant) error) {
			return func() store { return m }, func(g bearergate.Grant) error {
				m.Put(g)
				if strings.Contains(g.ID, "\x00") {
					return errors.New("no NUL")
				}
				return nil
			}
		},
	} {
		mustfail.Run(t, name, func(t *testing.T) {
			granttest.Run(t, func(*testing.T) (func() store, func(bearergate.Grant) error) {
				return newStore(new(bearergate.MemoryGrants))
			})
		})
	}
}

// TestStoreThatRefusesIdsPasses has a store that refuses what some databases do.
func TestStoreThatRefusesIdsPasses(t *testing.T) {
	granttest.Run(t, func(*testing.T) (func() bearergate.GrantStore, func(bearergate.Grant) error) {
		m := new(bearergate.MemoryGrants)
		refuses := func(id string) error {
			if !utf8.ValidString(id) || strings.Contains(id, "\x00") {
				return errors.New("invalid byte sequence")
			}
			return nil
		}
		find := func(ctx context.Context, id string) (bearergate.Grant, error) {
			if err := refuses(id); err != nil {
				return bearergate.Grant{}, err
			}
			return m.Grant(ctx, id)
		}
		return func() bearergate.GrantStore { return bearergate.GrantStoreFunc(find) }, func(g bearergate.Grant) error {
			if err := refuses(g.ID); err != nil {
				return err
			}
			return m.Put(g)
		}
	})
}

// cached keeps each grant that it found.
func cached(m *bearergate.MemoryGrants) bearergate.GrantStoreFunc {
	var grants sync.Map
	return func(ctx context.Context, id string) (bearergate.Grant, error) {
		if g, ok := grants.Load(id); ok {
			return g.(bearergate.Grant), nil
		}
		g, err := m.Grant(ctx, id)
		if err == nil {
			grants.Store(id, g)
		}
		return g, err
	}
}

func keepsFirst(m *bearergate.MemoryGrants) (bearergate.GrantStore, func(bearergate.Grant) error) {
	return m, func(g bearergate.Grant) error {
		if _, err := m.Grant(context.Background(), g.ID); err != nil {
			return m.Put(g)
		}
		return nil
	}
}

func shares(*bearergate.MemoryGrants) (bearergate.GrantStore, func(bearergate.Grant) error) {
	var grants sync.Map
	find := func(_ context.Context, id string) (bearergate.Grant, error) {
		g, ok := grants.Load(id)
		if !ok {
			return bearergate.Grant{}, bearergate.ErrGrantNotFound
		}
		return g.(bearergate.Grant), nil
	}
	return bearergate.GrantStoreFunc(find), func(g bearergate.Grant) error { grants.Store(g.ID, g); return nil }
}

func sharesReturned(m *bearergate.MemoryGrants) (bearergate.GrantStore, func(bearergate.Grant) error) {
	store, put := shares(m)
	return store, func(g bearergate.Grant) error {
		g.Scopes = slices.Clone(g.Scopes)
		g.ProjectIDs = slices.Clone(g.ProjectIDs)
		return put(g)
	}
}

// mixes keeps the id of a call where the next call finds it.
func mixes(m *bearergate.MemoryGrants) (bearergate.GrantStore, func(bearergate.Grant) error) {
	var mu sync.Mutex
	var last string
	return bearergate.GrantStoreFunc(func(ctx context.Context, id string) (bearergate.Grant, error) {
		mu.Lock()
		last = id
		mu.Unlock()
		time.Sleep(time.Millisecond)
		mu.Lock()
		defer mu.Unlock()
		return m.Grant(ctx, last)
	}), m.Put
}
