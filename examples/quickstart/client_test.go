package main

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/client"
)

// counted counts the requests of each path.
type counted struct {
	http.Handler
	tokens, mints atomic.Int64
}

func (c *counted) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case tokenPath:
		c.tokens.Add(1)
	case mintPath(acmeGrant):
		c.mints.Add(1)
	}
	c.Handler.ServeHTTP(w, r)
}

// serve returns the API at its own address, and a transport that is connected.
func serve(t *testing.T, lifetime time.Duration) (*api, *counted, string, *client.Transport) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	base := "http://" + listener.Addr().String()
	a := newTestAPIAt(t, base, lifetime)
	requests := &counted{Handler: a.Handler()}
	server := &httptest.Server{Listener: listener, Config: &http.Server{Handler: requests}}
	server.Start()
	t.Cleanup(server.Close)

	_, tokens, err := newTour(a, base).connect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	connections := new(client.MemoryConnections)
	client.SaveConnection(t.Context(), connections, "user-1", client.Connection{GrantID: acmeGrant, RefreshToken: tokens.RefreshToken})
	transport, err := client.New(client.Config{
		APIURL: base, TokenURL: base + tokenPath, MintURL: base + mintPath("{grantId}"), ClientID: clientID, ClientSecret: clientSecret,
		Connections: connections, ConnectionID: "user-1",
	})
	if err != nil {
		t.Fatal(err)
	}
	return a, requests, base, transport
}

// TestManyUsersOfOneConnection has tokens that live two seconds, over real HTTP.
func TestManyUsersOfOneConnection(t *testing.T) {
	_, requests, base, transport := serve(t, 2*time.Second)
	before, began := requests.tokens.Load(), time.Now()
	api := &http.Client{Transport: transport}
	var users sync.WaitGroup
	for range 200 {
		users.Go(func() {
			for range 4 {
				resp, err := api.Get(base + projects)
				if err != nil {
					t.Error(err)
					return
				}
				io.Copy(io.Discard, resp.Body)
				resp.Body.Close()
				if resp.StatusCode != 200 {
					t.Errorf("answered %s", resp.Status)
				}
				time.Sleep(time.Second)
			}
		})
	}
	users.Wait()
	took := time.Since(began)
	most := int64(took/(1500*time.Millisecond)) + 2 // renewed in the last quarter of its two seconds
	if refreshes, mints := requests.tokens.Load()-before, requests.mints.Load(); refreshes > most || mints > most || refreshes < 2 {
		t.Errorf("%d refreshes and %d mints in %v", refreshes, mints, took)
	}
}

func TestClientLearnsThatItsGrantWasRevoked(t *testing.T) {
	a, _, base, transport := serve(t, time.Hour)
	api := &http.Client{Transport: transport}
	if resp, err := api.Get(base + projects); err != nil || resp.StatusCode != 200 {
		t.Fatal(resp, err)
	}
	if err := a.stores.grants.RevokeGrant(t.Context(), acmeGrant); err != nil {
		t.Fatal(err)
	}
	_, err := api.Get(base + projects)
	var e *client.Error
	if !errors.As(err, &e) || e.Action != client.Reconnect || !errors.Is(err, bearergate.ErrGrantRevoked) {
		t.Errorf("got %v", err)
	}
	if _, err := transport.Token(context.Background()); !errors.Is(err, bearergate.ErrGrantRevoked) {
		t.Errorf("got %v", err)
	}
}
