package lookupcache

// forgottenGroups are the groups whose answers were dropped. The answers stay in
// the cache until they are replaced, so that forgetting a group costs no search.
type forgottenGroups struct {
	turn int64            // how many times a group was forgotten
	last map[string]int64 // the turn of each group
}

func (f *forgottenGroups) add(group string) {
	if f.last == nil {
		f.last = make(map[string]int64)
	}
	f.turn++
	f.last[group] = f.turn
}

// have reports whether one of the groups was forgotten after this turn.
func (f *forgottenGroups) have(groups []string, turn int64) bool {
	if len(f.last) == 0 {
		return false
	}
	for _, group := range groups {
		if f.last[group] > turn {
			return true
		}
	}
	return false
}

func (f *forgottenGroups) size() int { return len(f.last) }

func (f *forgottenGroups) clear() { f.last = nil }
