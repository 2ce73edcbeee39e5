package main

import (
	"testing"
	"time"
)

func TestEachLimiterIsTimedWhileItGrowsAndSweeps(t *testing.T) {
	for _, l := range limiters {
		grown, swept := l.waits(100, 20*time.Millisecond)
		if grown.total != 100 || swept.total == 0 {
			t.Errorf("%s: got %d requests while it grew and %d after, want 100 and some", l.name, grown.total, swept.total)
		}
	}
}

func TestHistogramIsRightToASixteenth(t *testing.T) {
	var h histogram
	for i := range 1000 {
		h.add(time.Duration(i+1) * time.Microsecond)
	}
	for part, want := range map[float64]time.Duration{0.5: 500 * time.Microsecond, 0.99: 990 * time.Microsecond, 1: time.Millisecond} {
		if got := h.quantile(part); got < want || got > want+want/15 {
			t.Errorf("quantile %v: got %v, want %v or up to a fifteenth more", part, got, want)
		}
	}
	if h.longest != time.Millisecond {
		t.Errorf("got the longest %v, want 1ms", h.longest)
	}
}

func TestLimiterKeepsSomethingOfEachKey(t *testing.T) {
	for _, l := range limiters[1:] {
		if got := l.keep(10_000) / 10_000; got < 16 || got > 1000 {
			t.Errorf("%s: got %d bytes a key, want 16 to 1000", l.name, got)
		}
	}
}
