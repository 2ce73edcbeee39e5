package bearergate

import (
	"maps"
	"sync"
	"time"
)

// limiterShard holds the windows of a part of the keys.
type limiterShard struct {
	mu      sync.Mutex
	windows map[string]*limiterWindow
	most    int // keys that the map has had room for
}

// limiterWindow is the last window of a key.
type limiterWindow struct {
	began time.Duration
	used  uint64
}

// take takes one request from the budget of the key. It returns what remains of the
// budget, the time until it is restored, and whether the request passes.
func (s *limiterShard) take(key string, now time.Duration, limit uint64, window time.Duration) (remaining uint64, left time.Duration, allowed bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	w := s.window(key, now)
	now = max(now, w.began) // it was overtaken since it read the clock
	w.advance(now, window)
	if w.used < limit {
		w.used++
		allowed = true
	}
	return limit - w.used, window - (now - w.began), allowed
}

// window needs s.mu.
func (s *limiterShard) window(key string, now time.Duration) *limiterWindow {
	if w, ok := s.windows[key]; ok {
		return w
	}
	if s.windows == nil {
		s.windows = make(map[string]*limiterWindow)
	}
	w := &limiterWindow{began: now}
	s.windows[key] = w
	return w
}

// advance starts the window of now, if it is a later one.
func (w *limiterWindow) advance(now, window time.Duration) {
	switch elapsed := now - w.began; {
	case w.forgotten(now, window):
		*w = limiterWindow{began: now}
	case elapsed >= window:
		*w = limiterWindow{began: now - elapsed%window}
	}
}

func (w *limiterWindow) forgotten(now, window time.Duration) bool { return now-w.began > 2*window }

// sweep removes the keys that are forgotten. A map never gives room back, so what is
// left of one that was much larger moves to another.
func (s *limiterShard) sweep(now, window time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.most = max(s.most, len(s.windows))
	maps.DeleteFunc(s.windows, func(_ string, w *limiterWindow) bool { return w.forgotten(now, window) })
	if n := len(s.windows); n < s.most/4 {
		smaller := make(map[string]*limiterWindow, n)
		maps.Copy(smaller, s.windows)
		s.windows, s.most = smaller, n
	}
}
