package installation

import (
	"context"
	"crypto/sha256"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/internal/tokenid"
)

// MemoryTokens is a [TokenStore] in memory, for tests and for programs that run in
// one process and may lose their tokens when it ends. The zero value is empty and
// ready to use. It is safe for concurrent use. Expired tokens are removed when it
// grows.
type MemoryTokens struct {
	mu      sync.RWMutex
	claims  map[[sha256.Size]byte]bearergate.Claims
	sweepAt int
}

// Save is a [SaveFunc].
func (m *MemoryTokens) Save(_ context.Context, sum [sha256.Size]byte, c bearergate.Claims) error {
	c = clone(c)
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.claims) >= m.sweepAt {
		m.sweep(time.Now())
	}
	if m.claims == nil {
		m.claims = make(map[[sha256.Size]byte]bearergate.Claims)
	}
	m.claims[sum] = c
	return nil
}

func (m *MemoryTokens) sweep(now time.Time) {
	maps.DeleteFunc(m.claims, func(_ [sha256.Size]byte, c bearergate.Claims) bool {
		return !now.Before(c.ExpiresAt.Add(bearergate.DefaultLeeway))
	})
	m.sweepAt = 2*len(m.claims) + 1024
}

// Lookup is a [bearergate.OpaqueLookup]. The caller must not change the claims;
// [bearergate.NewToken] copies them.
func (m *MemoryTokens) Lookup(_ context.Context, sum [sha256.Size]byte) (bearergate.Claims, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	c, ok := m.claims[sum]
	if !ok {
		return bearergate.Claims{}, bearergate.ErrInvalidToken
	}
	return c, nil
}

// RevokeFamily ends the tokens that were issued for a family of refresh tokens, for
// the hook of tokenendpoint.Config.Revoked.
func (m *MemoryTokens) RevokeFamily(_ context.Context, family string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	maps.DeleteFunc(m.claims, func(_ [sha256.Size]byte, c bearergate.Claims) bool {
		id, ok := tokenid.Parse(c.ID)
		return ok && id.Family == family
	})
	return nil
}

func clone(c bearergate.Claims) bearergate.Claims {
	c.Audience, c.Scopes, c.ProjectIDs = slices.Clone(c.Audience), slices.Clone(c.Scopes), slices.Clone(c.ProjectIDs)
	if c.Confirmation != nil {
		confirmation := *c.Confirmation
		c.Confirmation = &confirmation
	}
	return c
}
