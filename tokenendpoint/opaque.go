package tokenendpoint

import (
	"context"
	"crypto/sha256"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/bearergate/bearergate"
)

// IssueOpaque returns a [TokenIssuer] of opaque tokens with this prefix, such as
// "bi_oat_", for [bearergate.NewOpaqueVerifier] to look up. save keeps the claims
// of a token by its SHA-256. It panics on a nil save.
func IssueOpaque(prefix string, save func(ctx context.Context, sum Sum, c bearergate.Claims) error) TokenIssuer {
	if save == nil {
		panic("tokenendpoint: IssueOpaque needs to save what it issues; see MemoryTokens.Save")
	}
	return func(ctx context.Context, c bearergate.Claims) (string, error) {
		token := prefix + newSecret()
		if err := save(ctx, sha256.Sum256([]byte(token)), c); err != nil {
			return "", err
		}
		return token, nil
	}
}

// MemoryTokens keeps opaque tokens in memory, for tests and for programs that
// run once and may forget. The zero value is empty and ready to use. It is safe
// for concurrent use, and forgets what has expired when it grows.
type MemoryTokens struct {
	mu      sync.RWMutex
	claims  map[Sum]bearergate.Claims
	sweepAt int
}

// Save keeps the claims of a token; it is what [IssueOpaque] wants.
func (m *MemoryTokens) Save(_ context.Context, sum Sum, c bearergate.Claims) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.claims) >= m.sweepAt {
		forgotten := time.Now().Add(-bearergate.DefaultLeeway)
		maps.DeleteFunc(m.claims, func(_ Sum, c bearergate.Claims) bool { return c.ExpiresAt.Before(forgotten) })
		m.sweepAt = 2*len(m.claims) + 1024
	}
	if m.claims == nil {
		m.claims = make(map[Sum]bearergate.Claims)
	}
	c.Scopes, c.ProjectIDs = slices.Clone(c.Scopes), slices.Clone(c.ProjectIDs)
	m.claims[sum] = c
	return nil
}

// Lookup is a [bearergate.OpaqueLookup].
func (m *MemoryTokens) Lookup(_ context.Context, sum Sum) (bearergate.Claims, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	c, ok := m.claims[sum]
	if !ok {
		return c, bearergate.ErrInvalidToken
	}
	return c, nil // NewToken copies what it is given
}
