package main

import (
	"math/bits"
	"time"
)

// histogram counts durations in steps of a sixteenth, and keeps the longest. A run has
// more of them than memory should hold.
type histogram struct {
	counts  [64 * 16]int
	total   int
	longest time.Duration
}

func (h *histogram) add(d time.Duration) {
	h.counts[step(d)]++
	h.total++
	h.longest = max(h.longest, d)
}

// step returns the number of the step that d is in: its highest bit, and the four
// bits after it.
func step(d time.Duration) int {
	n := uint64(max(d, 16))
	high := bits.Len64(n) - 1
	return high*16 + int(n>>(high-4)&15)
}

// quantile returns a duration that this part of all is not longer than.
func (h *histogram) quantile(part float64) time.Duration {
	left := int(part * float64(h.total))
	for i, n := range h.counts {
		if left -= n; left < 0 {
			high := i / 16
			return min(h.longest, time.Duration((16+uint64(i%16)+1)<<(high-4)))
		}
	}
	return h.longest
}
