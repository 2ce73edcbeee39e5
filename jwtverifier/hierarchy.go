package jwtverifier

// hierarchy is what scopes imply, transitively.
type hierarchy map[string][]string

func newHierarchy(implied map[string][]string) hierarchy {
	h := make(hierarchy, len(implied))
	for scope := range implied {
		h[scope] = closure(implied, scope)
	}
	return h
}

// closure returns all that scope implies, whatever circles there are.
func closure(implied map[string][]string, scope string) (all []string) {
	seen := map[string]bool{scope: true}
	open := []string{scope}
	for len(open) > 0 {
		next := open[0]
		open = open[1:]
		for _, s := range implied[next] {
			if !seen[s] {
				seen[s] = true
				all = append(all, s)
				open = append(open, s)
			}
		}
	}
	return all
}

// expand returns the scopes with those that they imply.
func (h hierarchy) expand(scopes []string) []string {
	if len(h) == 0 {
		return scopes
	}
	var implied []string
	for _, s := range scopes {
		implied = append(implied, h[s]...)
	}
	if implied == nil {
		return scopes
	}
	return union(scopes, implied)
}
