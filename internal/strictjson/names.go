package strictjson

// names is the set of the members of all objects of a text. The first 24 are in an
// array, and are compared only if they have the same likeness; the others are in a
// map.
type names struct {
	few  [24]member
	n    int
	seen uint64 // a bit for each likeness
	many map[member]struct{}
}

// member is a name and the position of its object.
type member struct {
	object int
	name   string
}

// add adds a member and reports whether it is new.
func (s *names) add(m member) bool {
	alike := m.likeness()
	if s.seen&alike != 0 && s.amongFew(m) {
		return false
	}
	if s.n < len(s.few) {
		s.seen |= alike
		s.few[s.n] = m
		s.n++
		return true
	}
	return s.addToMany(m)
}

func (s *names) amongFew(m member) bool {
	for i := range s.few[:s.n] {
		if s.few[i] == m {
			return true
		}
	}
	return false
}

func (s *names) addToMany(m member) bool {
	if s.many == nil {
		s.many = make(map[member]struct{})
	}
	_, known := s.many[m]
	s.many[m] = struct{}{}
	return !known
}

// likeness returns one bit, which differs for most names.
func (m member) likeness() uint64 {
	if m.name == "" {
		return 1
	}
	return 1 << ((uint(len(m.name)) + 3*uint(m.name[0]) + 5*uint(m.name[len(m.name)-1])) % 64)
}
