package limitertest

import (
	"strings"
	"sync"
	"sync/atomic"
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
	var passed atomic.Uint64
	var running sync.WaitGroup
	start := make(chan struct{})
	for range 3 * s.limit {
		running.Go(func() {
			<-start
			q, err := s.limiter.Take(s.Context(), "key")
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
	if got := passed.Load(); got != s.limit {
		s.Errorf("got %d of %d concurrent requests Allowed, want %d", got, 3*s.limit, s.limit)
	}
}

// keepsKeysApart uses up the budgets of keys that differ in one byte, or only in
// ways that some stores ignore.
func (s *suite) keepsKeysApart() {
	keys := []string{
		"", " ", "key", "KEY", "key ", " key", "key\n", "key\x00", "key\x00key", "key:", "key:key", "{key}", "*", "key*", "é", "e\u0301", "grant:key", "installation:key",
		strings.Repeat("x", 1000), strings.Repeat("x", 1001), "a/b", "a%2Fb", "1", "01",
	}
	for b := range 256 {
		keys = append(keys, "x"+string([]byte{byte(b)})+"y")
	}
	for _, key := range keys {
		s.passes(key)
	}
	for _, key := range keys {
		s.isRefused(key)
	}
}
