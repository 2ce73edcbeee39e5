package main

import (
	"fmt"
	"sync"
)

// fault is something wrong, and the rule of docs/semantics.md that says so.
type fault struct{ rule, text string }

// faults counts what is wrong, and keeps the first texts.
type faults struct {
	mu    sync.Mutex
	count int
	first []fault
}

// kept bounds the texts.
const kept = 5000

func (f *faults) add(rule, format string, args ...any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.count++
	if len(f.first) < kept {
		f.first = append(f.first, fault{rule, fmt.Sprintf(format, args...)})
	}
}
