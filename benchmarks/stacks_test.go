package main

import (
	"net/http"
	"testing"
	"time"
)

// TestEveryStackGuards shows that what is compared does its work: it takes a good
// token and refuses what it must.
func TestEveryStackGuards(t *testing.T) {
	for _, algorithm := range algorithms {
		s := newSigner(algorithm)
		stranger := newSigner(algorithm)
		for _, st := range stacks {
			t.Run(algorithm+"/"+st.name, func(t *testing.T) {
				h := st.guard(s)
				for range 2 {
					if got := statusOf(h, s.token(0)); got != http.StatusOK {
						t.Fatalf("a good token was answered %d", got)
					}
				}
				for name, token := range map[string]string{
					"tampered": s.tampered(), "expired": s.expired(), "a stranger's": stranger.token(0), "absent": "", "garbage": "x.y.z",
				} {
					if got := statusOf(h, token); got < 400 {
						t.Errorf("%s: answered %d", name, got)
					}
				}
			})
		}
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
