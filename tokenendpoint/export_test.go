package tokenendpoint

// Len is how many tokens are kept.
func (m *MemoryTokens) Len() int {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return len(m.claims)
}

// Len is how many codes and refresh tokens are kept.
func (m *MemoryStore) Len() (codes, tokens, families int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.codes), len(m.tokens), len(m.families)
}
