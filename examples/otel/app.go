package main

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"github.com/bearergate/bearergate/bearergatetest"
	"github.com/bearergate/bearergate/client"
)

// app is an app that a user has connected.
type app struct {
	transport *client.Transport
	dead      chan error // receives the error that ends the connection
}

// connect makes an app and sends its user to the authorization page and back.
func (t *traffic) connect(ctx context.Context, user string) (*app, error) {
	a := &app{dead: make(chan error, 1)}
	transport, err := client.New(t.gate.ObserveClient(client.Config{
		APIURL: t.base, TokenURL: t.base + "/oauth/token",
		MintURL:      t.base + "/installations/{grantId}/tokens",
		AuthorizeURL: t.base + "/oauth/authorize", RedirectURL: bearergatetest.DefaultRedirectURL,
		ClientID: bearergatetest.DefaultClientID, ClientSecret: bearergatetest.DefaultClientSecret,
		Connections: new(client.MemoryConnections), ConnectionID: user,
		Dead: func(err error) { a.dead <- err },
	}))
	if err != nil {
		return nil, err
	}
	a.transport = transport
	begun, err := transport.Authorize()
	if err != nil {
		return nil, err
	}
	back, err := redirect(ctx, begun.URL)
	if err != nil {
		return nil, err
	}
	return a, transport.Connect(ctx, begun, back)
}

// read sends a request to the API, whatever the answer is.
func (a *app) read(ctx context.Context, base string) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, base+"/app/projects", nil)
	if err != nil {
		return
	}
	if resp, err := (&http.Client{Transport: a.transport}).Do(r); err == nil {
		resp.Body.Close()
	}
}

// death connects another app, revokes its grant, and waits until it knows.
func (t *traffic) death(ctx context.Context) error {
	a, err := t.connect(ctx, "user-2")
	if err != nil {
		return err
	}
	a.read(ctx, t.base)
	t.apps.Revoke()
	a.read(ctx, t.base)
	select {
	case <-a.dead:
		return nil
	case <-ctx.Done():
		return nil
	}
}

// redirect returns the query of the URL that a page redirects to.
func redirect(ctx context.Context, page string) (url.Values, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, page, nil)
	if err != nil {
		return nil, err
	}
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	back, err := resp.Location()
	if err != nil {
		return nil, errors.New("the authorization page answered " + resp.Status)
	}
	return back.Query(), nil
}
