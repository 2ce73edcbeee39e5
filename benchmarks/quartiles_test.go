package main

import "testing"

func TestQuartilesHaveTheMiddleHalf(t *testing.T) {
	if got, want := quartilesOf([]float64{5, 1, 4, 2, 3}), (quartiles{2, 3, 4}); got != want {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestRatiosAreOfTheSameRound(t *testing.T) {
	r := newResults()
	for round := 1.0; round <= 3; round++ {
		r.add("a", 10*round, 0)
		r.add("b", 5*round, 0)
	}
	if got, want := quartilesOf(r.ratio("a", "b")), (quartiles{2, 2, 2}); got != want {
		t.Errorf("got %v, want %v", got, want)
	}
	if got := r.ratio("a", "c"); got != nil {
		t.Errorf("got %v beside what was not measured, want nothing", got)
	}
}
