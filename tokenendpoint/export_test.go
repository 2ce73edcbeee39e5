package tokenendpoint

// Len is how many codes and refresh tokens are kept.
func (m *MemoryStore) Len() (codes, tokens, families int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.codes), len(m.tokens), len(m.families)
}
