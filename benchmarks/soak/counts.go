package main

import (
	"sync"
	"sync/atomic"
)

// counts are the answers by their code and by the kind of credential.
type counts struct {
	left  atomic.Uint64
	mu    sync.Mutex
	codes map[string]uint64
	kinds map[string]uint64
}

func newCounts() *counts {
	return &counts{codes: make(map[string]uint64), kinds: make(map[string]uint64)}
}

func (c *counts) add(x *exchange) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.codes[codeOr(x.code)]++
	c.kinds[x.kind]++
}

func (c *counts) total() (n uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, k := range c.codes {
		n += k
	}
	return n
}
