package outages

import (
	"sync"
)

// received counts the answers, and keeps the first of each outcome.
type received struct {
	mu     sync.Mutex
	counts map[string]int
	first  map[string]string
}

func newReceived() *received {
	return &received{counts: make(map[string]int), first: make(map[string]string)}
}

func (r *received) count(a answer) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.counts[a.outcome]++
	if _, known := r.first[a.outcome]; !known {
		r.first[a.outcome] = a.raw
	}
}
