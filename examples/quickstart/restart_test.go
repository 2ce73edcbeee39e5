package main

import (
	"errors"
	"path/filepath"
	"testing"

	"github.com/bearergate/bearergate/client"
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
