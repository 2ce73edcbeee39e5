//go:build !windows

package main

import (
	"testing"
	"time"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/client"
	"github.com/bearergate/bearergate/engines/servers"
)

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
