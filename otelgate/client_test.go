package otelgate_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/bearergatetest"
	"github.com/bearergate/bearergate/client"
	"github.com/google/go-cmp/cmp"
)

// TestRenewalsAndDeathsAreMeasured connects an app, lets a renewal fail, and revokes the
// grant.
func TestRenewalsAndDeathsAreMeasured(t *testing.T) {
	m, server := newMeter(t), bearergatetest.NewAppServer(nil)
	defer server.Close()
	renewed, died := make(chan client.Renewal, 10), make(chan error, 1)
	transport, err := newTransport(m.Gate, client.Config{
		APIURL: server.URL, TokenURL: server.TokenURL(), MintURL: server.MintURL(),
		AuthorizeURL: server.AuthorizeURL(), RedirectURL: bearergatetest.DefaultRedirectURL,
		ClientID: bearergatetest.DefaultClientID, ClientSecret: bearergatetest.DefaultClientSecret,
		Connections: new(client.MemoryConnections), ConnectionID: "user-1",
		Renewed: func(r client.Renewal) { renewed <- r }, Dead: func(err error) { died <- err },
	})
	if err != nil {
		t.Fatal(err)
	}
	connect(t, transport)
	want := map[string]float64{
		"bearergate.code=grant_revoked server.address=127.0.0.1": 0,
		"bearergate.code=invalid_grant server.address=127.0.0.1": 0,
	}
	if diff := cmp.Diff(want, m.series(t, "bearergate.client.deaths")); diff != "" {
		t.Errorf("deaths before (-want +got):\n%s", diff)
	}
	app := &http.Client{Transport: transport}
	get(t, app, server.URL)
	receive(t, renewed)
	server.Revoke()
	get(t, app, server.URL)
	receive(t, died)
	want["bearergate.code=grant_revoked server.address=127.0.0.1"] = 1
	if diff := cmp.Diff(want, m.series(t, "bearergate.client.deaths")); diff != "" {
		t.Errorf("deaths (-want +got):\n%s", diff)
	}

	connect(t, transport)
	server.Revoke()
	server.Expire()
	get(t, app, server.URL)
	receive(t, renewed)
	receive(t, died)
	want = map[string]float64{
		"server.address=127.0.0.1":                          1,
		"error.type=invalid_grant server.address=127.0.0.1": 1,
	}
	if diff := cmp.Diff(want, m.series(t, "bearergate.client.renewal.duration")); diff != "" {
		t.Errorf("renewals (-want +got):\n%s", diff)
	}
}

// connect sends the user to the authorization page and back.
func connect(t *testing.T, transport *client.Transport) {
	t.Helper()
	begun, err := transport.Authorize()
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultTransport.RoundTrip(must(http.NewRequestWithContext(t.Context(), "GET", begun.URL, nil)))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if err := transport.Connect(t.Context(), begun, must(resp.Location()).Query()); err != nil {
		t.Fatal(err)
	}
}

// get sends a request, whatever the answer is.
func get(t *testing.T, app *http.Client, target string) {
	t.Helper()
	if resp, err := app.Get(target); err == nil {
		resp.Body.Close()
	}
}

func receive[T any](t *testing.T, from chan T) (value T) {
	t.Helper()
	select {
	case value = <-from:
	case <-time.After(10 * time.Second):
		t.Fatalf("got nothing within 10 s, want a %T", value)
	}
	return value
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func TestErrorsOfRenewalsAreBounded(t *testing.T) {
	m := newMeter(t)
	config := m.ObserveClient(client.Config{APIURL: "https://api.example:8443/v1"})
	for _, err := range []error{
		nil,
		fmt.Errorf("refreshing: %w", &client.Error{Code: bearergate.ErrRateLimited}),
		&client.Error{Code: "made_up"},
		fmt.Errorf("locking: %w", context.DeadlineExceeded),
		errors.New("no route to 10.0.0.7"),
	} {
		config.Renewed(client.Renewal{Err: err})
	}
	want := map[string]float64{
		"server.address=api.example":                         1,
		"error.type=rate_limited server.address=api.example": 1,
		"error.type=timeout server.address=api.example":      1,
		"error.type=_OTHER server.address=api.example":       2,
	}
	if diff := cmp.Diff(want, m.series(t, "bearergate.client.renewal.duration")); diff != "" {
		t.Errorf("renewals (-want +got):\n%s", diff)
	}
}
