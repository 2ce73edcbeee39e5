package main

import (
	"slices"
	"sync"
	"time"
)

// stalls are the times at which the machine was too busy to run this program. Then the
// timer of a deadline may run as late as the call that it bounds.
type stalls struct {
	mu    sync.Mutex
	last  time.Time
	spans []span
}

// tick is called every few milliseconds, unless there is a stall.
func (s *stalls) tick() {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	if !s.last.IsZero() && now.Sub(s.last) > overdue {
		s.spans = slices.DeleteFunc(s.spans, func(p span) bool { return now.Sub(p.end) > memory })
		s.spans = append(s.spans, span{s.last, now})
	}
	s.last = now
}

// during reports whether there was a stall.
func (s *stalls) during(c span) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return time.Since(s.last) > overdue || slices.ContainsFunc(s.spans, func(p span) bool { return p.overlaps(c, 0) })
}
