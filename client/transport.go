package client

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// Transport is an [http.RoundTripper] that sends requests with the installation
// token of a connection. It renews the token a minute before its expiry, and the
// access token when that is due. All requests share one renewal. Make a Transport
// with [New].
//
// If the answer is one of the error table, RoundTrip acts on its code:
//
//   - [RefreshAndRemint]: it repeats the request once, with a new token.
//   - [Wait]: it repeats the request after Retry-After, within MaxWait and the
//     context of the request.
//   - [Reconnect]: the connection is dead, and every further request fails without
//     use of the network. The same holds if the refresh token is refused.
//
// If the action does not help, or if there is none, RoundTrip returns the answer as
// an [*Error]. A request with a body and without GetBody is not repeated, and the
// error says so. Any other answer is returned unchanged.
//
// It is safe for concurrent use.
type Transport struct {
	config Config
	api    *url.URL
	client http.Client // for the tokens

	mu      sync.Mutex
	token   StoredToken // the installation token
	dead    *Error
	renewal *renewal
	failure error // of the last renewal, until retryAt
	retryAt time.Time
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

// stay keeps redirects from being followed.
func stay(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// RoundTrip implements [http.RoundTripper].
func (t *Transport) RoundTrip(r *http.Request) (*http.Response, error) {
	if !sameOrigin(r.URL, t.api) {
		return t.config.Base.RoundTrip(r)
	}
	c := call{transport: t, request: r, left: t.config.MaxWait}
	defer c.closeUnsent()
	return c.do()
}

// InstallationToken returns the installation token, after renewing it if that is
// due. It is for programs with a transport of their own. If the renewal fails and
// the token has expired, it returns the error of the renewal. If the connection is
// dead, it returns an [*Error].
func (t *Transport) InstallationToken(ctx context.Context) (StoredToken, error) {
	return t.current(ctx, "")
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
