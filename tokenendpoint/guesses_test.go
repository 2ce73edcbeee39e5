package tokenendpoint_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/bearergate/bearergate"
)

// limited returns the endpoint behind a limit of failures a minute.
func limited(t *testing.T, tr *trial, failures uint64) func(address string, r *http.Request) int {
	limiter, err := bearergate.PerMinute(failures)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { limiter.Close() })
	h := bearergate.LimitFailedAuthentication(limiter)(tr)
	return func(address string, r *http.Request) int {
		r.RemoteAddr = address + ":1234"
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, r)
		return rec.Code
	}
}

// TestAppIsNotLockedOutByGuessesOfOthers has an app fail once as every app does: a user
// comes back with a code that expired. Strangers then guess its secret.
//
// Rules: S6.43.
func TestAppIsNotLockedOutByGuessesOfOthers(t *testing.T) {
	tr := newTrial(t)
	ask := limited(t, tr, 3)
	if got := ask("192.0.2.1", asApp(exchange("expired"))); got != http.StatusUnauthorized {
		t.Fatalf("an expired code: got %d, want 401", got)
	}
	for range 5 {
		ask("198.51.100.1", as(post(exchange("c").Encode()), "app", "wrong"))
	}
	if got := ask("192.0.2.1", asApp(exchange(tr.code()))); got != http.StatusOK {
		t.Errorf("a good request with the right secret: got %d, want 200", got)
	}
}

// Rules: S6.43.
func TestClientWithoutBudgetIsRefusedAtAddressesThatGuessed(t *testing.T) {
	tr := newTrial(t)
	ask := limited(t, tr, 3)
	for _, address := range []string{"198.51.100.1", "198.51.100.2", "198.51.100.3"} {
		ask(address, as(post(exchange("c").Encode()), "app", "wrong"))
	}
	guessed, own := asApp(exchange(tr.code())), asApp(exchange(tr.code()))
	calls := tr.called(func() {
		if got := ask("198.51.100.1", guessed); got != http.StatusTooManyRequests {
			t.Errorf("the right secret from an address that guessed: got %d, want 429", got)
		}
	})
	if len(calls) > 0 {
		t.Errorf("got the calls %v of the store, want none", calls)
	}
	if got := ask("192.0.2.1", own); got != http.StatusOK {
		t.Errorf("the right secret from another address: got %d, want 200", got)
	}
}
