package main

import (
	"slices"
	"sync"
	"time"
)

// memory is how long a state that is over is remembered. No request lasts as long.
const memory = 5 * time.Second

// history is the states of one thing, such as a grant, the last of which is in force.
type history[V any] struct {
	mu     sync.Mutex
	states []state[V]
	faults []*span // queries of the thing that failed
}

// state is in force from a time on. A request that begins after the end does not see
// it, not even in a cache.
type state[V any] struct {
	value V
	span
}

// change puts another state into force.
func (h *history[V]) change(v V) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.forget()
	h.states = append(h.states, state[V]{v, span{begin: time.Now()}})
}

// settle says that no request which begins after the time sees an older state.
func (h *history[V]) settle(at time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for i := range h.states[:len(h.states)-1] {
		if s := &h.states[i]; s.end.IsZero() || at.Before(s.end) {
			s.end = at
		}
	}
}

// current returns the state in force, the zero value if there was none ever.
func (h *history[V]) current() (v V) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.states) > 0 {
		v = h.states[len(h.states)-1].value
	}
	return v
}

// seen returns the states that a request may have seen.
func (h *history[V]) seen(request span) (values []V) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, s := range h.states {
		if s.overlaps(request, 0) {
			values = append(values, s.value)
		}
	}
	if len(values) == 0 {
		var none V
		values = append(values, none)
	}
	return values
}

// fails notes that a query of the thing has begun that will fail, and returns a function
// that notes its end.
func (h *history[V]) fails() (end func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.forget()
	f := &span{begin: time.Now()}
	h.faults = append(h.faults, f)
	return func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		f.end = time.Now()
	}
}

// landing is how long after the end of a query a request may still join it, since the
// cache has not heard of the end.
const landing = 500 * time.Millisecond

// failed reports whether a request may have waited for a query that failed.
func (h *history[V]) failed(request span) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.ContainsFunc(h.faults, func(f *span) bool { return f.overlaps(request, landing) })
}

// forget needs h.mu. It drops what is too old to matter.
func (h *history[V]) forget() {
	old := func(s span) bool { return !s.end.IsZero() && time.Since(s.end) > memory }
	h.states = slices.DeleteFunc(h.states, func(s state[V]) bool { return old(s.span) })
	h.faults = slices.DeleteFunc(h.faults, func(f *span) bool { return old(*f) })
}
