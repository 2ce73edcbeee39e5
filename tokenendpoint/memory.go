package tokenendpoint

import (
	"context"
	"maps"
	"sync"
	"time"
)

// MemoryStore is a [Store] in memory, for tests and for programs with one process
// that may forget when they end. The zero value is empty and ready to use. It is
// safe for concurrent use.
//
// It keeps at most 65,536 codes, and 1,024 of one client and user. If there are
// more, an older code of that client and user is forgotten, or of those that have
// the most codes: an unused one first. Expired codes and families are removed when the
// store has doubled, and otherwise with the first write after a minute.
type MemoryStore struct {
	mu       sync.Mutex
	codes    memoryCodes
	families map[string]Family
	sweepAt  int
	swept    time.Time
}

// SaveCode implements [Store].
func (m *MemoryStore) SaveCode(_ context.Context, sum Sum, code AuthorizationCode) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.makeRoom()
	m.codes.add(sum, code.clone())
	return nil
}

// Code implements [Store].
func (m *MemoryStore) Code(_ context.Context, sum Sum) (AuthorizationCode, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	code, ok := m.codes.bySum[sum]
	return code.clone(), ok, nil
}

// Consume implements [Store].
func (m *MemoryStore) Consume(_ context.Context, sum Sum, at time.Time, first Family) (Outcome, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	code, ok := m.codes.bySum[sum]
	switch {
	case !ok:
		return Unknown, nil
	case code.Used:
		return Used, nil
	case !at.Before(code.ExpiresAt):
		return Expired, nil
	}
	code.Used, code.FamilyID = true, first.FamilyID
	m.codes.bySum[sum] = code
	m.makeRoom()
	m.families[first.FamilyID] = first.clone()
	return Fresh, nil
}

// Family implements [Store].
func (m *MemoryStore) Family(_ context.Context, id string) (Family, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	family, ok := m.families[id]
	return family.clone(), ok, nil
}

// ReplaceFamily implements [Store].
func (m *MemoryStore) ReplaceFamily(_ context.Context, f Family) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	current, ok := m.families[f.FamilyID]
	if !ok || current.Version != f.Version-1 {
		return false, nil
	}
	m.makeRoom()
	m.families[f.FamilyID] = f.clone()
	return true, nil
}

// RevokeGrant implements [Store].
func (m *MemoryStore) RevokeGrant(_ context.Context, grantID string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.codes.deleteFunc(func(c AuthorizationCode) bool { return c.GrantID == grantID })
	maps.DeleteFunc(m.families, func(_ string, f Family) bool { return f.GrantID == grantID })
	return nil
}

// makeRoom removes what expired when the store has doubled since the last time, and
// once a minute.
func (m *MemoryStore) makeRoom() {
	if m.families == nil {
		m.families = make(map[string]Family)
	}
	now := time.Now()
	if size := len(m.codes.bySum) + len(m.families); size < m.sweepAt && now.Sub(m.swept) < time.Minute {
		return
	}
	m.sweep(now)
	m.sweepAt, m.swept = 2*(len(m.codes.bySum)+len(m.families))+1024, now
}

func (m *MemoryStore) sweep(now time.Time) {
	m.codes.deleteFunc(func(c AuthorizationCode) bool { return !now.Before(c.ExpiresAt) })
	for id, f := range m.families {
		if !now.Before(f.ExpiresAt) {
			delete(m.families, id)
		} else if f.Forget(now) {
			m.families[id] = f
		}
	}
}
