package tokenendpoint_test

import (
	"context"
	"io"
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/tokenendpoint"
)

// slow makes one part of an endpoint hang, once.
type slow struct {
	tokenendpoint.Store
	part  string
	takes time.Duration
	armed atomic.Bool
}

func (s *slow) hang(part string) {
	if s.part == part && s.armed.CompareAndSwap(true, false) {
		time.Sleep(s.takes)
	}
}

func (s *slow) configure(c *tokenendpoint.Config) {
	issue, clients := c.Issue, c.Clients
	c.UsesReported = true
	s.Store, c.Store = c.Store, s
	c.Issue = func(ctx context.Context, a tokenendpoint.IssueRequest) (tokenendpoint.Issued, error) {
		s.hang("Issue")
		return issue(ctx, a)
	}
	c.Clients = tokenendpoint.ClientStoreFunc(func(ctx context.Context, id string) (tokenendpoint.Client, error) {
		s.hang("Clients")
		return clients.Client(ctx, id)
	})
}

func (s *slow) Code(ctx context.Context, sum tokenendpoint.Sum) (tokenendpoint.AuthorizationCode, bool, error) {
	s.hang("Code")
	return s.Store.Code(ctx, sum)
}

func (s *slow) Family(ctx context.Context, id string) (tokenendpoint.Family, bool, error) {
	s.hang("Family")
	return s.Store.Family(ctx, id)
}

func (s *slow) ReplaceFamily(ctx context.Context, f tokenendpoint.Family) (bool, error) {
	s.hang("ReplaceFamily")
	return s.Store.ReplaceFamily(ctx, f)
}

// TestSlowRequestIsNoTheft has a request hang. The client gives up, repeats it and
// uses the answer, before the first one goes on.
//
// Rules: S7.67.
func TestSlowRequestIsNoTheft(t *testing.T) {
	for _, part := range []string{"Clients", "Family", "Issue", "ReplaceFamily"} {
		for _, c := range []struct {
			name   string
			takes  time.Duration
			leaves bool // the server learns that the client gave up
			want   int
		}{
			{"within the grace", 20 * time.Second, false, 200},
			{"longer than the grace", 2 * time.Minute, false, 503},
			{"within the grace, and nobody waits", 20 * time.Second, true, 200},
			{"longer than the grace, and nobody waits", 2 * time.Minute, true, 503},
		} {
			t.Run(part+", "+c.name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					s := &slow{part: part, takes: c.takes}
					tr, first := connect(t, s.configure)
					ctx, leave := context.WithCancel(t.Context())
					late := make(chan answer, 1)
					s.armed.Store(true)
					go func() { late <- tr.ask(asApp(refreshing(first.RefreshToken)).WithContext(ctx)) }()
					time.Sleep(8 * time.Second)
					if c.leaves {
						leave()
					}
					second := tr.refresh(first)
					tr.uses(second)
					time.Sleep(time.Minute)
					tr.uses(second) // the retired token is forgotten
					if got := <-late; got.Status != c.want {
						t.Errorf("got %d %s for the first request, want %d", got.Status, got.Body, c.want)
					}
					leave()
					tr.refresh(second)
				})
			})
		}
	}
}

// TestRequestThatEndedIsNoTheft has a request end before it is judged.
//
// Rules: S7.67.
func TestRequestThatEndedIsNoTheft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr, first := connect(t)
		code := tr.code()
		exchanged := tr.succeeds(asApp(exchange(code)))
		second := tr.refresh(first)
		time.Sleep(time.Minute)
		ended, end := context.WithCancel(t.Context())
		end()
		tr.refuses(asApp(refreshing(first.RefreshToken)).WithContext(ended), bearergate.ErrTemporarilyUnavailable)
		tr.refuses(asApp(exchange(code)).WithContext(ended), bearergate.ErrTemporarilyUnavailable)
		tr.refresh(second)
		tr.refresh(exchanged)
	})
}

// Rules: S7.22, S7.41, S7.67.
func TestLifetimeIsThatAtTheArrivalOfTheRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &slow{part: "Clients", takes: 4 * time.Second}
		tr, first := connect(t, s.configure)
		time.Sleep(30*24*time.Hour - time.Second)
		s.armed.Store(true)
		tr.refresh(first)
		code := tr.code()
		time.Sleep(10*time.Minute - time.Second)
		s.armed.Store(true)
		tr.succeeds(asApp(exchange(code)))
	})
}

// Rules: S7.43, S7.44.
func TestLostAnswersDoNotCountAsReuses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr, first := connect(t, usesReported, func(c *tokenendpoint.Config) { c.MaxReuses = 1 })
		var second tokens
		for range 5 {
			second = tr.refresh(first)
			time.Sleep(time.Second)
		}
		tr.uses(second)
		tr.isDead(first, second)
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

// TestAnswersAfterTheGraceDoNotCountAsReuses has a request arrive within the grace,
// and be answered after another one.
//
// Rules: S7.43, S7.44, S7.67.
func TestAnswersAfterTheGraceDoNotCountAsReuses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &slow{part: "Family", takes: 3 * time.Second}
		tr, first := connect(t, s.configure, func(c *tokenendpoint.Config) { c.MaxReuses = 1 })
		second := tr.refresh(first)
		time.Sleep(29 * time.Second)
		s.armed.Store(true)
		late := make(chan answer, 1)
		go func() { late <- tr.ask(asApp(refreshing(first.RefreshToken))) }()
		time.Sleep(2 * time.Second)
		tr.refresh(first)
		tr.uses(second)
		if got := <-late; got.Status != 200 {
			t.Errorf("got %d %s, want the successor", got.Status, got.Body)
		}
		tr.refresh(second)
	})
}

// TestRequestThatArrivedWithinTheGraceIsAnsweredAfterIt has two processes of a client.
// One refreshes, and uses what it got. The request of the other is read as the grace
// ends, and its token would be forgotten.
//
// Rules: S7.43, S7.49, S7.67.
func TestRequestThatArrivedWithinTheGraceIsAnsweredAfterIt(t *testing.T) {
	for name, forget := range map[string]func(*trial, tokens){
		"a use":                   func(tr *trial, t tokens) { tr.uses(t) },
		"a clean-up of the store": func(tr *trial, _ tokens) { tr.code() },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &slow{part: "Family", takes: 29 * time.Second}
				tr, first := connect(t, s.configure)
				time.Sleep(time.Minute)
				second := tr.refresh(first)
				tr.uses(second)
				time.Sleep(29 * time.Second)
				s.armed.Store(true)
				late := make(chan answer, 1)
				go func() { late <- tr.ask(asApp(refreshing(first.RefreshToken))) }()
				time.Sleep(28 * time.Second)
				forget(tr, second)
				if got := <-late; got.Status != 200 {
					t.Errorf("got %d %s, want the successor", got.Status, got.Body)
				}
				tr.refresh(second)
			})
		})
	}
}

// TestRequestThatTookLongerThanARetiredTokenIsKeptIsNoTheft has a grace of ten minutes.
//
// Rules: S7.67.
func TestRequestThatTookLongerThanARetiredTokenIsKeptIsNoTheft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &slow{part: "Family", takes: time.Minute}
		tr, first := connect(t, s.configure, func(c *tokenendpoint.Config) { c.Grace = 10 * time.Minute })
		second := tr.refresh(first)
		tr.uses(second)
		time.Sleep(10*time.Minute - time.Second)
		s.armed.Store(true)
		late := make(chan answer, 1)
		go func() { late <- tr.ask(asApp(refreshing(first.RefreshToken))) }()
		time.Sleep(45 * time.Second)
		tr.uses(second) // the retired token is forgotten
		if got := <-late; got.Status != 503 {
			t.Errorf("got %d %s, want 503", got.Status, got.Body)
		}
		tr.refresh(second)
	})
}

// TestSlowExchangeOfAnUnusedCodeSucceeds has the store take longer than the grace.
//
// Rules: S7.22, S7.67.
func TestSlowExchangeOfAnUnusedCodeSucceeds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &slow{part: "Code", takes: 2 * time.Minute}
		tr := newTrial(t, s.configure)
		code := tr.code()
		s.armed.Store(true)
		tr.succeeds(asApp(exchange(code)))
	})
}
