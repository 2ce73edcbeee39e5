package jwtverifier

import "slices"

// hierarchy is what scopes imply.
type hierarchy map[string][]string

func newHierarchy(implied map[string][]string) hierarchy {
	h := make(hierarchy, len(implied))
	for scope, scopes := range implied {
		h[scope] = slices.Clone(scopes)
	}
	return h
}

// expand returns the scopes with all that they imply, whatever circles there are. Its
// work is that of the scopes and of the hierarchy together.
func (h hierarchy) expand(scopes []string) []string {
	if len(h) == 0 {
		return scopes
	}
	seen := make(map[string]bool, len(scopes))
	all := make([]string, 0, len(scopes))
	add := func(scopes []string) {
		for _, s := range scopes {
			if !seen[s] {
				seen[s] = true
				all = append(all, s)
			}
		}
	}
	add(scopes)
	for i := 0; i < len(all); i++ {
		add(h[all[i]])
	}
	return all
}
