package main

import (
	"testing"
	"time"
)

func TestEveryStackTakesGoodTokensAndNoOthers(t *testing.T) {
	if err := refuse(); err != nil {
		t.Error(err)
	}
}

func TestTokenIsAsTheTableSays(t *testing.T) {
	s := newSigner("RS256")
	if got := len(claims(0, time.Now())); got != 11 {
		t.Errorf("got %d claims, want 11", got)
	}
	if got := len(s.token(0)); got < 850 || got > 1000 {
		t.Errorf("got a token of %d bytes, want 0.9 KiB", got)
	}
	if len(scopes) != 8 {
		t.Errorf("got %d scopes, want 8", len(scopes))
	}
}
