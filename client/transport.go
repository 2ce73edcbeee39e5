package client

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// Transport is an [http.RoundTripper] that sends requests with the token of a
// connection: the installation token, or the access token if there is no
// [Config.MintURL]. It renews its tokens a minute before their expiry. All requests
// share one renewal, and none waits for it while the old token lives. Make a
// Transport with [New].
//
// If the answer is one of the error table, RoundTrip acts on its code:
//
//   - [RefreshAndRemint]: it renews the token and repeats the request once.
//   - [Wait]: it repeats the request after Retry-After, within MaxWait and the
//     context of the request. It adds up to a quarter of that time at random, so
//     that requests that wait do not all return at once.
//   - [Reconnect] and [Reauthorize]: if another connection is stored by now, it
//     repeats the request with that one, once.
//   - [Reconnect], if no other connection is stored: the connection is dead. Every
//     further request fails without use of the network, until another connection
//     is stored. The same holds if the refresh token is refused.
//
// If the action does not help, or if there is none, RoundTrip returns the answer as
// an [*Error]. A request with a body and without GetBody is not repeated, and the
// error says so. Any other answer is returned unchanged.
//
// A connection that could not be saved is saved later, also if no request comes, for up
// to half an hour. It is safe for concurrent use.
type Transport struct {
	config Config
	api    *url.URL
	client http.Client // for the tokens

	// Of the task in progress alone:
	memory     memory
	changes    int  // of the connection in memory to another one
	usedSince  int  // the value of changes when the token in use was got
	saving     bool // a later task saves what could not be saved
	storeFails bool // it could not load the connection

	mu       sync.Mutex
	task     *task
	token    StoredToken // that requests are sent with
	refused  string      // a token that no request is sent with while it is renewed
	forced   budget      // renewals of refused tokens
	failure  failure     // of the last renewal
	dead     *Error
	lookedAt time.Time // when the store was last asked for another connection

	exchanged []string // states of authorization requests whose code was sent
}

// New returns a transport. The error names every fault of c. New does not use the
// network.
func New(c Config) (*Transport, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	if c.Base == nil {
		c.Base = http.DefaultTransport
	}
	if c.MaxWait == 0 {
		c.MaxWait = DefaultMaxWait
	}
	api, err := url.Parse(c.APIURL)
	return &Transport{config: c, api: api, client: http.Client{Transport: c.Base, CheckRedirect: stay}}, err
}

var errRequest = errors.New("client: the request has no URL or no Header; make it with http.NewRequest")

// stay keeps redirects from being followed.
func stay(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// RoundTrip implements [http.RoundTripper].
func (t *Transport) RoundTrip(r *http.Request) (*http.Response, error) {
	c := call{transport: t, request: r, left: t.config.MaxWait}
	defer c.closeUnsent()
	switch {
	case r.URL == nil, r.Header == nil:
		return nil, errRequest
	case !sameOrigin(r.URL, t.api):
		c.sent = true
		return t.config.Base.RoundTrip(r)
	}
	return c.do()
}

// Token returns the token that requests are sent with, after renewing it if it has
// expired. It is for programs with a transport of their own. If the renewal fails
// and the token has expired, it returns the error of the renewal. If the connection
// is dead, it returns an [*Error].
func (t *Transport) Token(ctx context.Context) (StoredToken, error) {
	return t.current(ctx, "")
}

// tokenOf returns the token of c that requests are sent with.
func (t *Transport) tokenOf(c Connection) StoredToken {
	if t.config.MintURL == "" {
		return c.Access
	}
	return c.Installation
}

func sameOrigin(a, b *url.URL) bool {
	return a.Scheme == b.Scheme && strings.EqualFold(a.Hostname(), b.Hostname()) && port(a) == port(b)
}

func port(u *url.URL) string {
	if p := u.Port(); p != "" {
		return p
	}
	return map[string]string{"http": "80", "https": "443"}[u.Scheme]
}
