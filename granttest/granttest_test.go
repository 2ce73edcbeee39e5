package granttest_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/granttest"
	"github.com/bearergate/bearergate/internal/mustfail"
)

func TestMemoryGrants(t *testing.T) {
	granttest.Run(t, func(*testing.T) (bearergate.GrantStore, func(bearergate.Grant)) {
		grants := new(bearergate.MemoryGrants)
		return grants, grants.Put
	})
}

type fault func(grants *bearergate.MemoryGrants) (bearergate.GrantStore, func(bearergate.Grant))

// puts is a store that puts other grants than it was given.
func puts(change func(*bearergate.Grant)) fault {
	return func(m *bearergate.MemoryGrants) (bearergate.GrantStore, func(bearergate.Grant)) {
		return m, func(g bearergate.Grant) {
			change(&g)
			m.Put(g)
		}
	}
}

// knowsBy is a store for which ids with one key are the same.
func knowsBy(key func(string) string) fault {
	return func(m *bearergate.MemoryGrants) (bearergate.GrantStore, func(bearergate.Grant)) {
		find := func(ctx context.Context, id string) (bearergate.Grant, error) {
			g, err := m.Grant(ctx, key(id))
			if err == nil {
				g.ID = id
			}
			return g, err
		}
		return bearergate.GrantStoreFunc(find), func(g bearergate.Grant) {
			g.ID = key(g.ID)
			m.Put(g)
		}
	}
}

// answers is a store that answers something else.
func answers(change func(ctx context.Context, g bearergate.Grant, err error) (bearergate.Grant, error)) fault {
	return func(m *bearergate.MemoryGrants) (bearergate.GrantStore, func(bearergate.Grant)) {
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
		"ignores case":     knowsBy(strings.ToLower),
		"trims space":      knowsBy(strings.TrimSpace),
		"ends at NUL":      knowsBy(func(id string) string { before, _, _ := strings.Cut(id, "\x00"); return before }),
		"repairs UTF-8":    knowsBy(func(id string) string { return strings.ToValidUTF8(id, "\ufffd") }),
		"decodes percents": knowsBy(func(id string) string { return strings.ReplaceAll(id, "%2F", "/") }),
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
			granttest.Run(t, func(*testing.T) (bearergate.GrantStore, func(bearergate.Grant)) {
				return spoil(new(bearergate.MemoryGrants))
			})
		})
	}
}

func keepsFirst(m *bearergate.MemoryGrants) (bearergate.GrantStore, func(bearergate.Grant)) {
	return m, func(g bearergate.Grant) {
		if _, err := m.Grant(context.Background(), g.ID); err != nil {
			m.Put(g)
		}
	}
}

func shares(*bearergate.MemoryGrants) (bearergate.GrantStore, func(bearergate.Grant)) {
	var grants sync.Map
	find := func(_ context.Context, id string) (bearergate.Grant, error) {
		g, ok := grants.Load(id)
		if !ok {
			return bearergate.Grant{}, bearergate.ErrGrantNotFound
		}
		return g.(bearergate.Grant), nil
	}
	return bearergate.GrantStoreFunc(find), func(g bearergate.Grant) { grants.Store(g.ID, g) }
}

func sharesReturned(m *bearergate.MemoryGrants) (bearergate.GrantStore, func(bearergate.Grant)) {
	store, put := shares(m)
	return store, func(g bearergate.Grant) {
		g.Scopes = slices.Clone(g.Scopes)
		g.ProjectIDs = slices.Clone(g.ProjectIDs)
		put(g)
	}
}

// mixes keeps the id of a call where the next call finds it.
func mixes(m *bearergate.MemoryGrants) (bearergate.GrantStore, func(bearergate.Grant)) {
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
