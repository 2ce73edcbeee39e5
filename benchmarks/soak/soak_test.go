package main

import (
	"testing"
	"time"
)

func short() settings {
	return settings{
		duration: 800 * time.Millisecond, least: 600, seed: 17, workers: 8,
		rotation: 700 * time.Millisecond, algorithms: []string{"ES256", "EdDSA"},
		pace: 3 * time.Millisecond, failing: 0.2,
	}
}

func TestSoakFindsNothingWrong(t *testing.T) {
	r, err := soakAlone(short())
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range r.faulty.first {
		t.Errorf("%s: %s", f.rule, f.text)
	}
	if r.leaked() {
		t.Errorf("got %d goroutines after, want %d as before", r.goroutines.end, r.goroutines.begin)
	}
}
