package limitertest

import (
	"strings"
	"sync"
	"sync/atomic"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/internal/hardids"
)

func (s *suite) passesExactly() {
	for range s.limit {
		s.passes("key")
	}
	for range s.limit {
		s.isRefused("key")
	}
}

func (s *suite) passesExactlyAtOnce() {
	if got := s.passedAtOnce(s.limiter); got != s.limit {
		s.Errorf("got %d of %d concurrent requests Allowed, want %d", got, 3*s.limit, s.limit)
	}
}

// sharesBudget takes from two limiters at once, and then from a third one.
func (s *suite) sharesBudget() {
	got := s.passedAtOnce(s.limiter, s.open())
	if least := s.limit - s.limit/20; got < least || got > s.limit {
		s.Errorf("got %d of %d requests to two limiters Allowed, want %d to %d", got, 3*s.limit, least, s.limit)
	}
	s.limiter = s.open()
	for range s.limit {
		if s.take("key").Allowed {
			got++
		}
	}
	if got > s.limit {
		s.Errorf("got %d requests to three limiters Allowed, want %d at most", got, s.limit)
	}
}

// passedAtOnce takes more requests than the budget has from these limiters in turn, all
// at once, and returns how many pass.
func (s *suite) passedAtOnce(limiters ...bearergate.Limiter) uint64 {
	var passed atomic.Uint64
	var running sync.WaitGroup
	start := make(chan struct{})
	for i := range 3 * int(s.limit) {
		running.Go(func() {
			<-start
			q, err := limiters[i%len(limiters)].Take(s.Context(), "key")
			if err != nil {
				s.Errorf("Take: got the error %v, want none", err)
			}
			if q.Allowed {
				passed.Add(1)
			}
		})
	}
	close(start)
	running.Wait()
	return passed.Load()
}

// keepsKeysApart uses up the budgets of keys that differ in one byte, or only in
// ways that some stores ignore.
func (s *suite) keepsKeysApart() {
	keys := append(hardids.All(),
		"", " ", "key", "KEY", "key ", " key", "key\n", "key\x00", "key\x00key", "key:", "key:key", "{key}", "*", "key*", "grant:key", "installation:key",
		strings.Repeat("x", 1000), strings.Repeat("x", 1001))
	for _, key := range keys {
		s.passes(key)
	}
	for _, key := range keys {
		s.isRefused(key)
	}
}
