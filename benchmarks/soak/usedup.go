package main

import (
	"slices"
	"sync"
	"time"
)

// usedUp knows the addresses whose budget of failures is used up, by the limiter's key.
type usedUp struct {
	mu   sync.Mutex
	keys map[string][]emptied
}

// emptied is a budget that is used up until a time: perhaps from a time on, and surely
// from a later one on, the zero time if never.
type emptied struct{ perhaps, surely, until time.Time }

func newUsedUp() *usedUp { return &usedUp{keys: make(map[string][]emptied)} }

func (u *usedUp) add(key string, e emptied) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.keys[key] = append(slices.DeleteFunc(u.keys[key], emptied.over), e)
}

func (e emptied) over() bool { return time.Since(e.until) > memory }

// may returns the times at which the budget is restored for which a request may be
// refused, and whether it must be refused. Rules: S6.28.
func (u *usedUp) may(key string, request span) (resets []time.Time, must bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, e := range u.keys[key] {
		if !e.perhaps.After(request.end) && request.begin.Before(e.until.Add(clockSkew)) {
			resets = append(resets, e.until)
		}
		if !e.surely.IsZero() && e.surely.Before(request.begin) && request.end.Before(e.until.Add(-clockSkew)) {
			must = true
		}
	}
	return resets, must
}

func (u *usedUp) sweep() {
	u.mu.Lock()
	defer u.mu.Unlock()
	for key, es := range u.keys {
		if !slices.ContainsFunc(es, func(e emptied) bool { return !e.over() }) {
			delete(u.keys, key)
		}
	}
}

// finished notes the addresses that a request used up. From its end on, the guard knows.
func (a *api) finished(t *trace) {
	s := t.seen(&a.stalls)
	for _, c := range s.callsOf(failureBy) {
		decided, failed := c.outcomes(s.served)
		if !decided || c.quota.Remaining > 0 {
			continue
		}
		e := emptied{perhaps: c.begin, until: c.quota.Reset}
		if !failed {
			e.surely = s.served.end
		}
		a.used.add(c.key, e)
	}
}
