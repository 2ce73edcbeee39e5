package main

import (
	"fmt"
	"net/http"
)

// refuse checks that every stack does its work: it accepts a good token and rejects
// bad ones.
func refuse() error {
	for _, algorithm := range algorithms {
		s, stranger := newSigner(algorithm), newSigner(algorithm)
		for _, st := range stacks {
			h := st.guard(s)
			if status := statusOf(h, s.token(0)); status != http.StatusOK {
				return fmt.Errorf("%s answers %d to a good token of %s", st.name, status, algorithm)
			}
			for name, token := range map[string]string{
				"a tampered": s.tampered(), "an expired": s.expired(), "a stranger's": stranger.token(0), "no": "", "a garbage": "x.y.z",
			} {
				if status := statusOf(h, token); status < 400 {
					return fmt.Errorf("%s answers %d to %s token of %s", st.name, status, name, algorithm)
				}
			}
		}
	}
	return nil
}
