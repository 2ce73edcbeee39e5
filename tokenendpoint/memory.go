package tokenendpoint

import (
	"context"
	"crypto/sha256"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"
)

const (
	// maxCodes bounds the codes that a MemoryStore keeps.
	maxCodes = 1 << 16
	// maxRetired bounds the retired refresh tokens of a family that a MemoryStore
	// keeps.
	maxRetired = 32
)

// MemoryStore is a [Store] in memory, for tests and for programs with one process
// that may forget when they end. The zero value is empty and ready to use. It is
// safe for concurrent use.
//
// It keeps at most 65,536 codes; SaveCode then returns an error until some expire.
// For each family of refresh tokens it keeps the living token and the last 32
// retired ones. The reuse of an older token is rejected, but revokes nothing.
// Expired codes and tokens are removed when the store grows.
type MemoryStore struct {
	mu       sync.Mutex
	codes    map[Sum]AuthorizationCode
	tokens   map[Sum]RefreshToken
	families map[string][]Sum // oldest first
	sweepAt  int
	swept    time.Time
}

var errFull = errors.New("tokenendpoint: too many codes are waiting to be exchanged")

// SaveCode implements [Store].
func (m *MemoryStore) SaveCode(_ context.Context, sum Sum, code AuthorizationCode) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.makeRoom()
	if len(m.codes) >= maxCodes {
		return errFull
	}
	code.Scopes = slices.Clone(code.Scopes)
	m.codes[sum] = code
	return nil
}

// Code implements [Store].
func (m *MemoryStore) Code(_ context.Context, sum Sum) (AuthorizationCode, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	code, ok := m.codes[sum]
	code.Scopes = slices.Clone(code.Scopes)
	return code, ok, nil
}

// Consume implements [Store].
func (m *MemoryStore) Consume(_ context.Context, sum Sum, at time.Time, first *NewRefreshToken) (Outcome, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	code, ok := m.codes[sum]
	switch {
	case !ok:
		return Unknown, nil
	case code.Used:
		return Used, nil
	case !at.Before(code.ExpiresAt):
		return Expired, nil
	}
	code.Used = true
	m.codes[sum] = code
	if first != nil {
		m.add(*first)
	}
	return Fresh, nil
}

// RefreshToken implements [Store].
func (m *MemoryStore) RefreshToken(_ context.Context, sum Sum) (RefreshToken, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	token, ok := m.token(sum)
	return token, ok, nil
}

// token returns a copy of the token that shares no slices with the store.
func (m *MemoryStore) token(sum Sum) (RefreshToken, bool) {
	token, ok := m.tokens[sum]
	token.Scopes = slices.Clone(token.Scopes)
	return token, ok
}

// Rotate implements [Store].
func (m *MemoryStore) Rotate(_ context.Context, sum Sum, at time.Time, sealed [sha256.Size]byte, successor NewRefreshToken) (RefreshToken, Outcome, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	token, ok := m.token(sum)
	switch {
	case !ok:
		return RefreshToken{}, Unknown, nil
	case !token.RetiredAt.IsZero():
		return token, Used, nil
	case !at.Before(token.ExpiresAt):
		return RefreshToken{}, Expired, nil
	}
	token.RetiredAt, token.Successor = at, sealed
	m.tokens[sum] = token
	m.add(successor)
	token, _ = m.token(sum)
	return token, Fresh, nil
}

// add stores a living token.
func (m *MemoryStore) add(t NewRefreshToken) {
	m.makeRoom()
	t.Scopes = slices.Clone(t.Scopes)
	m.tokens[t.Sum] = t.RefreshToken
	family := append(m.families[t.Family], t.Sum)
	if len(family) > maxRetired+1 {
		delete(m.tokens, family[0])
		family = slices.Delete(family, 0, 1)
	}
	m.families[t.Family] = family
}

// RevokeFamily implements [Store].
func (m *MemoryStore) RevokeFamily(_ context.Context, family string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.forget(family)
	return nil
}

func (m *MemoryStore) forget(family string) {
	for _, sum := range m.families[family] {
		delete(m.tokens, sum)
	}
	delete(m.families, family)
}

// RevokeGrant implements [Store].
func (m *MemoryStore) RevokeGrant(_ context.Context, grantID string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	maps.DeleteFunc(m.codes, func(_ Sum, c AuthorizationCode) bool { return c.GrantID == grantID })
	for _, token := range m.tokens {
		if token.GrantID == grantID {
			m.forget(token.Family)
		}
	}
	return nil
}

// makeRoom removes expired entries when the store has doubled since the last time,
// and at most once a second while it is full of codes.
func (m *MemoryStore) makeRoom() {
	if m.codes == nil {
		m.codes, m.tokens, m.families = make(map[Sum]AuthorizationCode), make(map[Sum]RefreshToken), make(map[string][]Sum)
	}
	full := len(m.codes) >= maxCodes && time.Since(m.swept) >= time.Second
	if full || len(m.codes)+len(m.tokens) >= m.sweepAt {
		m.sweep(time.Now())
		m.sweepAt = 2*(len(m.codes)+len(m.tokens)) + 1024
	}
}

func (m *MemoryStore) sweep(now time.Time) {
	m.swept = now
	maps.DeleteFunc(m.codes, func(_ Sum, c AuthorizationCode) bool { return !now.Before(c.ExpiresAt) })
	for family, sums := range m.families {
		sums = slices.DeleteFunc(sums, func(sum Sum) bool {
			if now.Before(m.tokens[sum].ExpiresAt) {
				return false
			}
			delete(m.tokens, sum)
			return true
		})
		m.families[family] = sums
		if len(sums) == 0 {
			delete(m.families, family)
		}
	}
}
