package outages

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"sync"

	"github.com/bearergate/bearergate/bearergatetest"
	"github.com/bearergate/bearergate/client"
	"github.com/bearergate/bearergate/tokenendpoint"
)

// connection is an app's connection that is renewed by hand.
type connection struct {
	number int // of the grant and the address
	code   string

	mu              sync.Mutex
	access, refresh string
}

func (c *connection) accessToken() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.access
}

func (c *connection) refreshToken() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.refresh
}

// connect returns the connection of a user who consented.
func (w *world) connect(i int) *connection {
	w.putGrant(i)
	code := must(w.endpoint.NewCode(context.Background(), tokenendpoint.CodeRequest{
		Authorization: tokenendpoint.Authorization{
			ClientID: bearergatetest.DefaultClientID, GrantID: grantID(i), Subject: bearergatetest.DefaultSubject, Scopes: []string{scope},
		},
		RedirectURI: redirectURI,
	}))
	c := &connection{number: i, code: code}
	w.exchange(c)
	return c
}

func (w *world) exchange(c *connection) answer {
	return w.keep(c, url.Values{"grant_type": {"authorization_code"}, "code": {c.code}, "redirect_uri": {redirectURI}})
}

// renew sends the refresh token. If the answer is no success, the connection stays.
func (w *world) renew(c *connection) answer {
	return w.keep(c, refreshForm(c.refreshToken()))
}

func refreshForm(token string) url.Values {
	return url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token}}
}

func (w *world) keep(c *connection, form url.Values) answer {
	a := w.form(addressOf(c.number), appSecret, form.Encode())
	if a.status == http.StatusOK {
		var tokens struct {
			Access  string `json:"access_token"`
			Refresh string `json:"refresh_token"`
		}
		must(0, json.Unmarshal(a.body, &tokens))
		c.mu.Lock()
		defer c.mu.Unlock()
		c.access, c.refresh = tokens.Access, tokens.Refresh
	}
	return a
}

// app returns an app that uses package client, connected as installation i.
func (w *world) app(i int) *http.Client {
	store, c := new(client.MemoryConnections), w.connect(i)
	must(0, client.SaveConnection(context.Background(), store, "user-1", client.Connection{GrantID: grantID(i), RefreshToken: c.refreshToken()}))
	transport := must(client.New(w.gate.ObserveClient(client.Config{
		APIURL: "https://api.example", TokenURL: "https://api.example/oauth/token",
		ClientID: bearergatetest.DefaultClientID, ClientSecret: appSecret, Connections: store, ConnectionID: "user-1",
		Base: roundTripper{w, addressOf(i)}, MaxWait: -1,
	})))
	return &http.Client{Transport: transport}
}
