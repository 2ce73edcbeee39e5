package tokenendpoint

// Len is how many codes and families are kept.
func (m *MemoryStore) Len() (codes, families int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.codes.bySum), len(m.families)
}
