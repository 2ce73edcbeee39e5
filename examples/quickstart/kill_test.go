package main

import (
	"context"
	"encoding/json"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bearergate/bearergate/client"
)

// TestNobodyHasToReconnectWhenTheProcessIsKilled kills it at random times, a hundred
// times in CI, while users connect and clients read with tokens that last a second.
func TestNobodyHasToReconnectWhenTheProcessIsKilled(t *testing.T) {
	kills := 10
	if os.Getenv("CI") == "true" {
		kills = 100
	}
	p := newProcess(t, "-db", filepath.Join(t.TempDir(), "app.db"), "-lifetime", "1s")
	p.mustStart(t)
	var apps []*reader
	for range 4 {
		transport, dead := p.transport(t, new(client.MemoryConnections))
		p.connect(t, transport)
		apps = append(apps, &reader{p: p, transport: transport, dead: dead})
	}
	var browsers []*browser
	for i := range 6 {
		browsers = append(browsers, &browser{user: p.user(), keeps: i < 4})
	}
	var running sync.WaitGroup
	defer running.Wait()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	for _, a := range apps {
		running.Go(func() { a.run(ctx, t) })
	}
	for _, b := range browsers {
		running.Go(func() { b.run(ctx, t) })
	}
	for i := range kills {
		if i%5 == 4 {
			awaitAnyRead(t, apps)
		}
		time.Sleep(rand.N(600 * time.Millisecond))
		p.kill()
		p.mustStart(t)
	}
	stop()
	running.Wait()

	for _, a := range apps {
		a.check(t)
	}
	for _, b := range browsers { // those that keep are first: what is sent again counts as a guess
		b.check(t)
	}
}

// reader is an app whose requests may fail, and whose connection may not.
type reader struct {
	p              *process
	transport      *client.Transport
	dead           <-chan error
	passed, failed atomic.Int64
}

// awaitAnyRead waits until one more request has passed: on a slow machine, kills that
// follow each other at once would show nothing.
func awaitAnyRead(t *testing.T, apps []*reader) {
	t.Helper()
	sum := func() (n int64) {
		for _, a := range apps {
			n += a.passed.Load()
		}
		return n
	}
	before := sum()
	for began := time.Now(); sum() == before; time.Sleep(5 * time.Millisecond) {
		if time.Since(began) > 30*time.Second {
			t.Fatal("no request passed in 30 s")
		}
	}
}

func (r *reader) run(ctx context.Context, t *testing.T) {
	for ctx.Err() == nil {
		switch err := r.p.read(r.transport); {
		case asksToReconnect(err):
			t.Errorf("the client: got %v, want no error that ends the connection", err)
			return
		case err != nil:
			r.failed.Add(1)
		default:
			r.passed.Add(1)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// check has the app read once more. Failures of before are paced, so it may take a while.
func (r *reader) check(t *testing.T) {
	err := r.p.read(r.transport)
	for began := time.Now(); err != nil && !asksToReconnect(err) && time.Since(began) < 30*time.Second; {
		time.Sleep(50 * time.Millisecond)
		err = r.p.read(r.transport)
	}
	if err != nil {
		t.Errorf("a client after the last kill: got %v, want none", err)
	}
	select {
	case err := <-r.dead:
		t.Errorf("the connection of a client died: %v", err)
	default:
	}
	t.Logf("a client read %d times and failed %d times", r.passed.Load(), r.failed.Load())
}

// browser connects one user after the other. It keeps the refresh tokens, or sends each
// used code again.
type browser struct {
	user    *tour
	keeps   bool
	refresh []string
	used    []authorization
	unknown int // exchanges whose answers were lost
}

func (b *browser) run(ctx context.Context, t *testing.T) {
	for ctx.Err() == nil {
		b.connect(t)
		time.Sleep(rand.N(20 * time.Millisecond))
	}
}

// connect consents, and exchanges the code. It is not cut off by the test's end, so that
// only a kill loses an answer.
func (b *browser) connect(t *testing.T) {
	code, err := b.user.authorize(context.Background())
	if err != nil {
		return // the process is down: the user loads the page again
	}
	redeemed := 0
	for range 3 {
		status, token := b.send(code.exchange())
		switch {
		case status == http.StatusOK:
			redeemed++
			if b.keeps {
				b.refresh = append(b.refresh, token)
				return
			}
		case status == 0 && redeemed == 0:
			b.unknown++
			if b.keeps { // sent again, the code may end what was issued
				return
			}
		}
		time.Sleep(10 * time.Millisecond)
	}
	if redeemed > 1 {
		t.Errorf("a code was redeemed %d times, want once", redeemed)
	}
	if redeemed == 1 {
		b.used = append(b.used, code)
	}
}

// send asks the token endpoint. The status is 0 if there is no answer.
func (b *browser) send(form url.Values) (status int, refreshToken string) {
	got, err := b.user.post(context.Background(), form, basic(clientSecret))
	if err != nil {
		return 0, ""
	}
	var c connection
	json.Unmarshal([]byte(got.body), &c)
	return got.status, c.RefreshToken
}

// check has the kept connections refresh, and sends the latest used codes again.
func (b *browser) check(t *testing.T) {
	if len(b.refresh)+len(b.used) == 0 {
		t.Errorf("no user connected (keeps: %t), so the test shows nothing", b.keeps)
	}
	for _, token := range b.refresh {
		if status, _ := b.send(refreshing(token)); status != http.StatusOK {
			t.Errorf("a kept refresh token: got %d, want 200", status)
		}
	}
	for _, code := range b.used[max(0, len(b.used)-20):] {
		if status, _ := b.send(code.exchange()); status != http.StatusUnauthorized && status != http.StatusTooManyRequests {
			t.Errorf("a used code: got %d, want 401", status)
		}
	}
	t.Logf("%d users kept their refresh tokens, %d sent their codes again, %d lost an answer", len(b.refresh), len(b.used), b.unknown)
}
