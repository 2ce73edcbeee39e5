package main

import (
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/client"
	"github.com/bearergate/bearergate/engines/servers"
)

func TestDatabaseKeepsConnectionsAndCodesAcrossARestart(t *testing.T) {
	p := newProcess(t, "-db", filepath.Join(t.TempDir(), "a file?.db"))
	p.mustStart(t)
	ctx, user := t.Context(), p.user()
	transport, _ := p.transport(t, new(client.MemoryConnections))
	p.connect(t, transport)
	if err := p.read(transport); err != nil {
		t.Fatal(err)
	}
	before, err := transport.Token(ctx)
	if err != nil {
		t.Fatal(err)
	}
	waiting, err := user.authorize(ctx)
	if err != nil {
		t.Fatal(err)
	}
	used, connected, err := user.connect(ctx)
	if err != nil {
		t.Fatal(err)
	}

	p.kill()
	p.mustStart(t)
	if err := p.read(transport); err != nil {
		t.Errorf("a request of the client: got %v, want none", err)
	}
	if after, err := transport.Token(ctx); err != nil || after.Text != before.Text {
		t.Errorf("the installation token: got %v, %v, want the one of before", after, err)
	}
	if _, err := user.mint(ctx, acmeGrant, connected.AccessToken); err != nil {
		t.Errorf("an access token of before: got %v, want that it mints", err)
	}
	if _, err := user.tokens(ctx, waiting.exchange()); err != nil {
		t.Errorf("a code of before: got %v, want tokens", err)
	}
	if _, err := user.tokens(ctx, refreshing(connected.RefreshToken)); err != nil {
		t.Errorf("a refresh token of before: got %v, want tokens", err)
	}
	if got, err := user.post(ctx, used.exchange(), basic(clientSecret)); err != nil || got.status != 401 {
		t.Errorf("a used code of before: got %v, %v, want 401", got, err)
	}
}

func TestRevokedGrantStaysRevokedAndTheNextConsentMakesAnother(t *testing.T) {
	p := newProcess(t, "-db", filepath.Join(t.TempDir(), "app.db"))
	p.mustStart(t)
	former, _ := p.transport(t, new(client.MemoryConnections))
	p.connect(t, former)
	user := p.user()
	_, connected, err := user.connect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got, err := user.request(t.Context(), "DELETE", "/api/oauth-client/installations/"+acmeGrant, "Bearer "+connected.AccessToken); err != nil || got.status != 204 {
		t.Fatalf("revoking: got %v, %v, want 204", got, err)
	}
	p.kill()
	p.mustStart(t)
	if err := p.read(former); !asksToReconnect(err) {
		t.Errorf("a connection of the revoked grant: got %v, want that it is dead", err)
	}
	next, _ := p.transport(t, new(client.MemoryConnections))
	p.connect(t, next)
	if err := p.read(next); err != nil {
		t.Errorf("a connection of the next consent: got %v, want none", err)
	}
}

// TestTwoProcessesShareEverything has PostgreSQL and Redis.
func TestTwoProcessesShareEverything(t *testing.T) {
	servers.NeedPostgres(t)
	servers.Need(t, "redis-server", "redis-server")
	args := []string{"-db", servers.NewPostgres(t).URL, "-redis", servers.NewRedis(t).Addr}
	a, b := newProcess(t, args...), newProcess(t, args...)
	started := make(chan error, 1)
	go func() { started <- b.start() }() // both at once find an empty database
	a.mustStart(t)
	if err := <-started; err != nil {
		t.Fatal(err)
	}
	ctx, atA, atB := t.Context(), a.user(), b.user()

	code, err := atA.authorize(ctx)
	if err != nil {
		t.Fatal(err)
	}
	connected, err := atB.tokens(ctx, code.exchange())
	if err != nil {
		t.Fatalf("a code of the other process: got %v, want tokens", err)
	}
	minted, err := atA.mint(ctx, acmeGrant, connected.AccessToken)
	if err != nil {
		t.Fatalf("an access token of the other process: got %v, want that it mints", err)
	}
	read := func(of *tour, token string) int {
		got, err := of.request(ctx, "GET", projects, "Bearer "+token)
		if err != nil {
			t.Fatal(err)
		}
		return got.status
	}
	if got := read(atB, minted); got != 200 { // and fills the cache
		t.Fatalf("an installation token of the other process: got %d, want 200", got)
	}
	if got, err := atA.request(ctx, "DELETE", "/api/oauth-client/installations/"+acmeGrant, "Bearer "+connected.AccessToken); err != nil || got.status != 204 {
		t.Fatalf("revoking: got %v, %v, want 204", got, err)
	}
	revoked := time.Now()
	for read(atB, minted) != bearergate.ErrGrantRevoked.Status() {
		if time.Since(revoked) > 2*time.Second {
			t.Fatal("the other process does not know of the revocation after 2 s")
		}
		time.Sleep(time.Millisecond)
	}
	t.Logf("the other process knew of the revocation after %v", time.Since(revoked))

	transport, _ := a.transport(t, new(client.MemoryConnections))
	a.connect(t, transport)
	token, err := transport.Token(ctx)
	if err != nil {
		t.Fatal(err)
	}
	passed := 0
	for i := range requestsPerMinute + 100 {
		if read([]*tour{atA, atB}[i%2], token.Text) == 200 {
			passed++
		}
	}
	if passed > requestsPerMinute || passed < requestsPerMinute*95/100 {
		t.Errorf("both processes passed %d requests, want at most %d and no less than 95 %% of it", passed, requestsPerMinute)
	}
}

func TestFlagsThatContradictAreRefused(t *testing.T) {
	for _, args := range [][]string{
		{"-redis", "127.0.0.1:1"}, {"-once", "-db", filepath.Join(t.TempDir(), "app.db")},
	} {
		if err := run(t.Context(), append(args, "-addr", "127.0.0.1:0"), t.Output(), t.Output()); err == nil {
			t.Errorf("%q: got no error", args)
		}
	}
	err := run(t.Context(), []string{"-db", filepath.Join(t.TempDir(), "missing", "app.db"), "-addr", "127.0.0.1:0"}, t.Output(), t.Output())
	if err == nil || errors.Is(err, t.Context().Err()) {
		t.Errorf("a file in a missing directory: got %v, want an error", err)
	}
}
