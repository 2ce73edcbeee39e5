package main

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/bearergate/bearergate"
)

// meter counts along with a limiter in memory, and notes what the limiter does wrong.
type meter struct {
	policy   string
	fallback bool // it is one
	backed   bool // it has one
	limit    uint64
	window   time.Duration
	inner    bearergate.Limiter
	faults   *faults

	mu   sync.Mutex
	keys map[string][]*tally
}

// tally is the count of one window of a key.
type tally struct {
	reset            time.Time
	allowed, refused uint64
	remaining        []bool // which numbers were handed out
}

func (m *meter) close() { m.inner.(*bearergate.MemoryLimiter).Close() }

// Take implements [bearergate.Limiter].
func (m *meter) Take(ctx context.Context, key string) (bearergate.Quota, error) {
	end := traceFrom(ctx).call(&call{policy: m.policy, key: key, memory: true, fallback: m.fallback})
	q, err := m.take(ctx, key)
	end(q, err)
	return q, err
}

func (m *meter) take(ctx context.Context, key string) (bearergate.Quota, error) {
	begin := time.Now()
	q, err := m.inner.Take(ctx, key)
	if err != nil {
		m.faults.add("S6.16", "the limiter %s in memory failed: %v", m.policy, err)
		return q, err
	}
	m.count(key, q, span{begin, time.Now()})
	return q, nil
}

// clockSkew is how far the clock of a limiter may be off.
const clockSkew = 20 * time.Millisecond

// count holds the limiter to S6.11 and S6.19.
func (m *meter) count(key string, q bearergate.Quota, took span) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if q.Limit != m.limit || q.Window != m.window {
		m.faults.add("S6.12", "the limiter %s says %d in %v, want %d in %v", m.policy, q.Limit, q.Window, m.limit, m.window)
	}
	if q.Reset.Before(took.begin.Add(-clockSkew)) || q.Reset.After(took.end.Add(m.window+clockSkew)) {
		m.faults.add("S6.11", "the limiter %s says that its window of %v ends in %v", m.policy, m.window, time.Until(q.Reset))
	}
	t := m.tally(key, q.Reset)
	if !q.Allowed {
		t.refused++
		return
	}
	t.allowed++
	if q.Remaining >= m.limit || t.remaining[q.Remaining] {
		m.faults.add("S6.19", "the limiter %s handed out r=%d of %d twice in a window", m.policy, q.Remaining, m.limit)
		return
	}
	t.remaining[q.Remaining] = true
}

// tally needs m.mu. It returns the window that ends at the time.
func (m *meter) tally(key string, reset time.Time) *tally {
	m.forget(key)
	for _, t := range m.keys[key] {
		switch d := t.reset.Sub(reset).Abs(); {
		case d < time.Millisecond:
			return t
		case d < m.window-time.Millisecond:
			m.faults.add("S6.11", "the limiter %s has windows that end %v apart, want %v at least", m.policy, d, m.window)
		}
	}
	t := &tally{reset: reset, remaining: make([]bool, m.limit)}
	m.keys[key] = append(m.keys[key], t)
	return t
}

// forget needs m.mu. It closes the windows of the key that are over.
func (m *meter) forget(key string) {
	m.keys[key] = slices.DeleteFunc(m.keys[key], func(t *tally) bool {
		if time.Since(t.reset) < 2*time.Second {
			return false
		}
		m.check(t)
		return true
	})
}

// check holds the limiter to S6.19: exactly as many pass as the budget says.
func (m *meter) check(t *tally) {
	if want := min(m.limit, t.allowed+t.refused); t.allowed != want {
		m.faults.add("S6.19", "the limiter %s let %d of %d requests pass in a window, want %d", m.policy, t.allowed, t.allowed+t.refused, want)
	}
}

// checkAll checks the windows that are left.
func (m *meter) checkAll() {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, tallies := range m.keys {
		for _, t := range tallies {
			m.check(t)
		}
	}
}

// sweep closes the windows that are over, of all keys.
func (m *meter) sweep() {
	m.mu.Lock()
	defer m.mu.Unlock()
	for key := range m.keys {
		if m.forget(key); len(m.keys[key]) == 0 {
			delete(m.keys, key)
		}
	}
}

func newMeter(policy string, limit uint64, window time.Duration, f *faults) *meter {
	inner, err := bearergate.PerWindow(limit, window)
	if err != nil {
		panic(fmt.Sprintf("soak: %v", err))
	}
	return &meter{policy: policy, limit: limit, window: window, inner: inner, faults: f, keys: make(map[string][]*tally)}
}
