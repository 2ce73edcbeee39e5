package opaquetest_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/installation"
	"github.com/bearergate/bearergate/installation/opaquetest"
	"github.com/bearergate/bearergate/internal/mustfail"
)

func TestSoundStorePasses(t *testing.T) {
	opaquetest.Run(t, func(*testing.T) func() installation.TokenStore { return always(new(installation.MemoryTokens)) })
}

func always(store installation.TokenStore) func() installation.TokenStore {
	return func() installation.TokenStore { return store }
}

// savesOther is a store that saves other claims.
func savesOther(change func(*bearergate.Claims)) fault {
	return func(save installation.SaveFunc, lookup bearergate.OpaqueLookup) (installation.SaveFunc, bearergate.OpaqueLookup) {
		return func(ctx context.Context, sum [32]byte, c bearergate.Claims) error {
			change(&c)
			return save(ctx, sum, c)
		}, lookup
	}
}

// savesBy is a store that keeps claims by less than the sum.
func savesBy(key func([32]byte) [32]byte) fault {
	return func(save installation.SaveFunc, lookup bearergate.OpaqueLookup) (installation.SaveFunc, bearergate.OpaqueLookup) {
		return func(ctx context.Context, sum [32]byte, c bearergate.Claims) error { return save(ctx, key(sum), c) },
			func(ctx context.Context, sum [32]byte) (bearergate.Claims, error) { return lookup(ctx, key(sum)) }
	}
}

// answers is a store whose lookup answers something else.
func answers(lookup func(ctx context.Context, c bearergate.Claims, err error) (bearergate.Claims, error)) fault {
	return func(save installation.SaveFunc, sound bearergate.OpaqueLookup) (installation.SaveFunc, bearergate.OpaqueLookup) {
		return save, func(ctx context.Context, sum [32]byte) (bearergate.Claims, error) {
			c, err := sound(ctx, sum)
			return lookup(ctx, c, err)
		}
	}
}

type fault func(installation.SaveFunc, bearergate.OpaqueLookup) (installation.SaveFunc, bearergate.OpaqueLookup)

func TestFaultyStoreFails(t *testing.T) {
	for name, spoil := range map[string]fault{
		"has one type of token": savesOther(func(c *bearergate.Claims) { c.Type = bearergate.InstallationToken }),
		"forgets the id":        savesOther(func(c *bearergate.Claims) { c.ID = "" }),
		"forgets the projects":  savesOther(func(c *bearergate.Claims) { c.ProjectIDs = nil }),
		"sorts the scopes": savesOther(func(c *bearergate.Claims) {
			if len(c.Scopes) > 1 {
				c.Scopes = []string{c.Scopes[1], c.Scopes[0], c.Scopes[2]}
			}
		}),
		"forgets the confirmation": savesOther(func(c *bearergate.Claims) { c.Confirmation = nil }),
		"forgets a confirmation without members": savesOther(func(c *bearergate.Claims) {
			if c.Confirmation != nil && *c.Confirmation == (bearergate.Confirmation{}) {
				c.Confirmation = nil
			}
		}),
		"forgets the audience": savesOther(func(c *bearergate.Claims) { c.Audience = nil }),
		"stores whole seconds": savesOther(func(c *bearergate.Claims) { c.IssuedAt = c.IssuedAt.Truncate(time.Second) }),
		"repairs UTF-8":        savesOther(func(c *bearergate.Claims) { c.Subject = strings.ToValidUTF8(c.Subject, "\ufffd") }),
		"cuts long ids":        savesOther(func(c *bearergate.Claims) { c.GrantID = c.GrantID[:min(len(c.GrantID), 255)] }),
		"refuses long ids": func(save installation.SaveFunc, lookup bearergate.OpaqueLookup) (installation.SaveFunc, bearergate.OpaqueLookup) {
			return func(ctx context.Context, sum [32]byte, c bearergate.Claims) error {
				if len(c.GrantID) > 255 {
					return errors.New("value too long")
				}
				return save(ctx, sum, c)
			}, lookup
		},
		"removes the oldest of 100": func(save installation.SaveFunc, lookup bearergate.OpaqueLookup) (installation.SaveFunc, bearergate.OpaqueLookup) {
			var saved atomic.Int32
			return func(ctx context.Context, sum [32]byte, c bearergate.Claims) error {
					saved.Add(1)
					return save(ctx, sum, c)
				}, func(ctx context.Context, sum [32]byte) (bearergate.Claims, error) {
					if saved.Load() == 201 && sum == [32]byte{1} {
						return bearergate.Claims{}, bearergate.ErrInvalidToken
					}
					return lookup(ctx, sum)
				}
		},
		"forgets the raw claims":  savesOther(func(c *bearergate.Claims) { c.Raw = "" }),
		"sets the time of issue":  savesOther(func(c *bearergate.Claims) { c.IssuedAt = time.Now() }),
		"prolongs tokens":         savesOther(func(c *bearergate.Claims) { c.ExpiresAt = c.ExpiresAt.Add(time.Minute) }),
		"keeps half of the sum":   savesBy(func(k [32]byte) [32]byte { clear(k[16:]); return k }),
		"ignores case of the sum": savesBy(func(k [32]byte) [32]byte { k[3] |= 0x20; return k }),
		"keeps the sum as text": savesBy(func(k [32]byte) [32]byte {
			for i := range k {
				if k[i] >= 0x80 {
					k[i] = '?'
				}
			}
			return k
		}),
		"finds everything": answers(func(_ context.Context, c bearergate.Claims, _ error) (bearergate.Claims, error) { return c, nil }),
		"fails for unknown tokens": answers(func(_ context.Context, c bearergate.Claims, err error) (bearergate.Claims, error) {
			if err != nil {
				err = errors.New("no rows")
			}
			return c, err
		}),
		"calls a dead context unknown": answers(func(ctx context.Context, c bearergate.Claims, err error) (bearergate.Claims, error) {
			if ctx.Err() != nil {
				return c, bearergate.ErrInvalidToken
			}
			return c, err
		}),
		"drops what a dead context saves": func(save installation.SaveFunc, lookup bearergate.OpaqueLookup) (installation.SaveFunc, bearergate.OpaqueLookup) {
			return func(ctx context.Context, sum [32]byte, c bearergate.Claims) error {
				if ctx.Err() != nil {
					return nil
				}
				return save(ctx, sum, c)
			}, lookup
		},
		"shares memory":          sharing,
		"mixes concurrent saves": mixing,
	} {
		mustfail.Run(t, name, func(t *testing.T) {
			opaquetest.Run(t, func(*testing.T) func() installation.TokenStore {
				tokens := new(installation.MemoryTokens)
				return always(installation.NewTokenStore(spoil(tokens.Save, tokens.Lookup)))
			})
		})
	}
}

// TestFaultyHandleFails has stores that are wrong with several handles, or in a method
// that the suite looks for.
func TestFaultyHandleFails(t *testing.T) {
	for name, newStore := range map[string]func(m *installation.MemoryTokens) (open func() installation.TokenStore){
		"saves for its own process": func(*installation.MemoryTokens) func() installation.TokenStore {
			return func() installation.TokenStore { return new(installation.MemoryTokens) }
		},
		"forgets when it is opened": func(m *installation.MemoryTokens) func() installation.TokenStore {
			return func() installation.TokenStore { *m = installation.MemoryTokens{}; return m }
		},
		"revokes no family":    func(m *installation.MemoryTokens) func() installation.TokenStore { return always(revokesNone{m}) },
		"revokes all families": func(m *installation.MemoryTokens) func() installation.TokenStore { return always(revokesAll{m}) },
		"fails to revoke a family again": func(m *installation.MemoryTokens) func() installation.TokenStore {
			return always(&revokesOnce{MemoryTokens: m})
		},
		"cleans away what lives": func(m *installation.MemoryTokens) func() installation.TokenStore { return always(cleansAll{m}) },
	} {
		mustfail.Run(t, name, func(t *testing.T) {
			opaquetest.Run(t, func(*testing.T) func() installation.TokenStore { return newStore(new(installation.MemoryTokens)) })
		})
	}
}

type revokesNone struct{ *installation.MemoryTokens }

func (revokesNone) RevokeFamily(context.Context, string) error { return nil }

type revokesAll struct{ *installation.MemoryTokens }

func (r revokesAll) RevokeFamily(context.Context, string) error {
	*r.MemoryTokens = installation.MemoryTokens{}
	return nil
}

type revokesOnce struct {
	*installation.MemoryTokens
	revoked bool
}

func (r *revokesOnce) RevokeFamily(ctx context.Context, family string) error {
	if r.revoked {
		return errors.New("no rows")
	}
	r.revoked = true
	return r.MemoryTokens.RevokeFamily(ctx, family)
}

type cleansAll struct{ *installation.MemoryTokens }

func (c cleansAll) Clean(context.Context) error {
	*c.MemoryTokens = installation.MemoryTokens{}
	return nil
}

func sharing(installation.SaveFunc, bearergate.OpaqueLookup) (installation.SaveFunc, bearergate.OpaqueLookup) {
	var kept sync.Map
	return func(_ context.Context, sum [32]byte, c bearergate.Claims) error { kept.Store(sum, c); return nil },
		func(_ context.Context, sum [32]byte) (bearergate.Claims, error) {
			c, ok := kept.Load(sum)
			if !ok {
				return bearergate.Claims{}, bearergate.ErrInvalidToken
			}
			return c.(bearergate.Claims), nil
		}
}

// mixing saves the claims of whoever came last.
func mixing(save installation.SaveFunc, lookup bearergate.OpaqueLookup) (installation.SaveFunc, bearergate.OpaqueLookup) {
	var mu sync.Mutex
	var last bearergate.Claims
	return func(ctx context.Context, sum [32]byte, c bearergate.Claims) error {
		mu.Lock()
		last = c
		mu.Unlock()
		time.Sleep(time.Millisecond)
		mu.Lock()
		defer mu.Unlock()
		return save(ctx, sum, last)
	}, lookup
}
