package installation

// Len returns how many tokens are kept.
func (m *MemoryTokens) Len() int {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return len(m.claims)
}
