package main

import (
	"context"
	"errors"
	"sync"
	"time"
)

// registry is a store of things that come and go, and the history of each. A nil value
// is a thing that does not exist.
type registry[K comparable, V any] struct {
	name    string
	trouble *trouble
	mu      sync.Mutex
	entries map[K]*history[*V]
}

func newRegistry[K comparable, V any](name string, t *trouble) *registry[K, V] {
	return &registry[K, V]{name: name, trouble: t, entries: make(map[K]*history[*V])}
}

// of returns the history of a thing, which may be empty.
func (r *registry[K, V]) of(k K) *history[*V] {
	r.mu.Lock()
	defer r.mu.Unlock()
	h := r.entries[k]
	if h == nil {
		h = new(history[*V])
		h.change(nil)
		r.entries[k] = h
	}
	return h
}

// sweep drops the things that are gone for so long that no request remembers them.
func (r *registry[K, V]) sweep() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for k, h := range r.entries {
		if gone(h) {
			delete(r.entries, k)
		}
	}
}

func gone[V any](h *history[*V]) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.forget()
	last := h.states[len(h.states)-1]
	return last.value == nil && len(h.states) == 1 && len(h.faults) == 0 && time.Since(last.begin) > 2*memory
}

var errStore = errors.New("the store failed, as it was told to")

// query returns the state of a thing, unless it fails or hangs.
func (r *registry[K, V]) query(ctx context.Context, k K) (*V, error) {
	h := r.of(k)
	wait := r.trouble.next()
	if wait == 0 {
		v := h.current()
		time.Sleep(r.trouble.latency()) // the thing may change before the answer arrives
		return v, nil
	}
	end := h.fails()
	defer end()
	traceFrom(ctx).queryFails(r.name)
	r.trouble.wait(ctx, wait)
	return nil, errStore
}
