package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// TestGuessesThatWaitAreLimitedToo has one address begin 500 consents, and send their
// bodies together: the budget of 100 guesses a minute was there when each began. The last
// guess is right.
func TestGuessesThatWaitAreLimitedToo(t *testing.T) {
	_, h := newTestAPI(t)
	const guesses = 500
	var bodies []*io.PipeWriter
	var answers []chan int
	for range guesses {
		body, w := io.Pipe()
		r := httptest.NewRequest("POST", authorizePath+"?"+request().Encode(), body)
		r.RemoteAddr = "203.0.113.9:1234"
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		answer := make(chan int, 1)
		go func() {
			rec := httptest.NewRecorder()
			h.ServeHTTP(rec, r)
			answer <- rec.Code
		}()
		w.Write([]byte("consent=yes&")) // returns when the page reads its form
		bodies, answers = append(bodies, w), append(answers, answer)
	}
	for i, w := range bodies {
		guess := url.Values{"password": {"wrong"}}
		if i == guesses-1 {
			guess.Set("password", password)
		}
		io.Copy(w, strings.NewReader(guess.Encode()))
		w.Close()
		got := <-answers[i]
		if i == guesses-1 && got != http.StatusTooManyRequests {
			t.Errorf("the right guess after %d wrong ones: got %d, want 429", guesses-1, got)
		}
	}
}
