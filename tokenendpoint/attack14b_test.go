package tokenendpoint_test

import (
	"context"
	"encoding/base64"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/tokenendpoint"
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

// TestAnyNumberOfRacersSeesNo5xx has more than a hundred processes present one retired
// token at once.
//
// Rules: S7.51.
func TestAnyNumberOfRacersSeesNo5xx(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls atomic.Int64
		tr, first := connect(t, func(c *tokenendpoint.Config) {
			c.MaxReuses = 1000
			issue := c.Issue
			c.Issue = func(ctx context.Context, a tokenendpoint.Authorization) (tokenendpoint.Issued, error) {
				calls.Add(1)
				time.Sleep(10 * time.Millisecond)
				return issue(ctx, a)
			}
		})
		tr.refresh(first)
		calls.Store(0)
		statuses := make(chan int, 150)
		var all sync.WaitGroup
		for range 150 {
			all.Go(func() { statuses <- tr.ask(asApp(refreshing(first.RefreshToken))).Status })
		}
		all.Wait()
		close(statuses)
		failed := 0
		for status := range statuses {
			if status != 200 {
				failed++
			}
		}
		if failed > 0 {
			t.Errorf("got %d of 150 answers that are not 200, after %d calls of Issue, want none", failed, calls.Load())
		}
	})
}

// TestGraceHoldsHoweverOftenTheFamilyIsRotated has one process refresh often, as with
// access tokens that last a second, while the answer of another is lost.
//
// Rules: S7.43.
func TestGraceHoldsHoweverOftenTheFamilyIsRotated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr, first := connect(t)
		for now, i := first, 0; i < 17; i++ {
			now = tr.refresh(now)
			time.Sleep(time.Second)
		}
		tr.refresh(first)
	})
}

// slowBody is a form that takes its time to arrive.
type slowBody struct {
	io.Reader
	takes time.Duration
}

func (b *slowBody) Read(p []byte) (int, error) {
	time.Sleep(b.takes)
	b.takes = 0
	return b.Reader.Read(p)
}

// TestSlowBodyIsNoTheft has a request take longer than the grace, since its body does.
//
// Rules: S7.67.
func TestSlowBodyIsNoTheft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr, first := connect(t)
		r := asApp(refreshing(first.RefreshToken))
		r.Body = io.NopCloser(&slowBody{r.Body, 40 * time.Second})
		late := make(chan answer, 1)
		go func() { late <- tr.ask(r) }()
		time.Sleep(time.Second)
		second := tr.refresh(first)
		if got := <-late; got.Status != http.StatusServiceUnavailable {
			t.Errorf("got %d %s for a request that took 40 s, want 503", got.Status, got.Body)
		}
		tr.refresh(second)
	})
}

// TestClientIDInTheFormIsThatOfAnyReading has a client encode the colon of its id alone,
// and name itself in the form too.
//
// Rules: S7.14, S7.17.
func TestClientIDInTheFormIsThatOfAnyReading(t *testing.T) {
	const id, secret = "app:1", "100%"
	tr := newTrial(t, func(c *tokenendpoint.Config) {
		c.Clients = clients{id: client(id, secret)}
	})
	code := tr.code(func(r *tokenendpoint.CodeRequest) { r.ClientID = id })
	r := post(exchange(code, "client_id", id).Encode())
	r.Header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte("app%3A1:"+secret)))
	tr.succeeds(r)
}
