package client

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"time"
)

// DefaultMaxWait is how long a request waits in all, because an answer says
// Retry-After, where a [Config] says nothing.
const DefaultMaxWait = time.Minute

// Config is what a [Transport] is made of. All but Base, MaxWait and Dead is
// required.
type Config struct {
	// APIURL is where the installation token may be sent: requests of another
	// origin (scheme, host and port) go out without it.
	APIURL string
	// TokenURL is the token endpoint.
	TokenURL string
	// MintURL mints installation tokens. {grantId} in it is replaced by the
	// connection's.
	MintURL string
	// ClientID and ClientSecret authenticate the app at the token endpoint; a public
	// client has no secret.
	ClientID, ClientSecret string
	// Connections has the connection of ConnectionID. It is saved with a new refresh
	// token before that is used.
	Connections  ConnectionStore
	ConnectionID string

	// Base sends the requests; [http.DefaultTransport] where it is nil.
	Base http.RoundTripper
	// MaxWait is [DefaultMaxWait] where it is zero, and no time where it is
	// negative. An answer that asks for more is returned as an error at once.
	MaxWait time.Duration
	// Dead, if set, is called once when the connection is found to be dead: show
	// Reconnect to the user. When it is connected again, save the new connection and
	// make a new Transport.
	Dead func(error)
}

// Transport is a [http.RoundTripper] that holds a connection. It renews the
// installation token a minute before its end, and the access token when that is
// due, one renewal at a time for all requests.
//
// An answer of the table of errors is returned as an [*Error], after what
// its [Action] says: with RefreshAndRemint the request is repeated once with a new
// token; with Wait it is repeated after Retry-After, within MaxWait and the
// request's context; with Reconnect, and when the refresh token is refused, the
// connection is dead, and every further request fails without any network. A
// request whose body cannot be had again, since it has no GetBody, is not
// repeated; the error says so. All other answers are returned as they are.
//
// It is safe for concurrent use.
type Transport struct {
	config Config
	api    *url.URL
	client http.Client // for the tokens

	mu      sync.Mutex
	token   Token // the installation token
	dead    *Error
	renewal *renewal
	failure error // of the last renewal, until retryAt
	retryAt time.Time
}

// New returns a transport. It returns all faults of the configuration at once,
// and does not use the network.
func New(c Config) (*Transport, error) {
	var faults []error
	check := func(ok bool, fault string) {
		if !ok {
			faults = append(faults, errors.New("client: Config."+fault))
		}
	}
	const wanted = " must be an https URL, or an http one of this machine"
	check(isURL(c.APIURL), "APIURL"+wanted)
	check(isURL(c.TokenURL), "TokenURL"+wanted)
	check(isURL(strings.ReplaceAll(c.MintURL, "{grantId}", "id")), "MintURL"+wanted)
	check(c.ClientID != "", "ClientID is missing")
	check(c.Connections != nil, "Connections is missing")
	check(c.ConnectionID != "", "ConnectionID is missing")
	if len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	if c.Base == nil {
		c.Base = http.DefaultTransport
	}
	if c.MaxWait == 0 {
		c.MaxWait = DefaultMaxWait
	}
	api, err := url.Parse(c.APIURL)
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &Transport{config: c, api: api, client: http.Client{Transport: c.Base, CheckRedirect: stay}}, err
}

// RoundTrip implements [http.RoundTripper].
func (t *Transport) RoundTrip(r *http.Request) (*http.Response, error) {
	if !sameOrigin(r.URL, t.api) {
		return t.config.Base.RoundTrip(r)
	}
	sent := false
	if r.Body != nil {
		defer func() {
			if !sent {
				r.Body.Close()
			}
		}()
	}
	token, err := t.current(r.Context(), "")
	if err != nil {
		return nil, err
	}
	left, replayed := t.config.MaxWait, false
	for {
		attempt, err := withToken(r, token.Text, sent)
		if err != nil {
			return nil, err
		}
		sent = true
		resp, err := t.config.Base.RoundTrip(attempt)
		if err != nil {
			return nil, err
		}
		refusal := refusalOf(resp)
		if refusal == nil {
			return resp, nil
		}
		switch {
		case refusal.Action == Reconnect:
			t.die(r.Context(), token.Text, refusal)
			return nil, refusal
		case refusal.Action != Wait && (refusal.Action != RefreshAndRemint || replayed):
			return nil, refusal
		case r.Body != nil && r.Body != http.NoBody && r.GetBody == nil:
			refusal.note = errNotReplayed
			return nil, refusal
		case refusal.Action == RefreshAndRemint:
			replayed = true
		case refusal.RetryAfter > left:
			return nil, refusal
		default:
			left -= refusal.RetryAfter
			if err := sleep(r.Context(), refusal.RetryAfter); err != nil {
				return nil, errors.Join(err, refusal)
			}
		}
		rejected := ""
		if refusal.Action == RefreshAndRemint {
			rejected = token.Text
		}
		if token, err = t.current(r.Context(), rejected); err != nil {
			return nil, err
		}
	}
}

var errNotReplayed = errors.New("not repeated, as the body of the request cannot be had again: set GetBody")

// InstallationToken returns the installation token, for programs with a transport
// of their own. It renews it where that is due.
func (t *Transport) InstallationToken(ctx context.Context) (Token, error) {
	return t.current(ctx, "")
}

func isURL(raw string) bool {
	u, err := url.Parse(raw)
	return err == nil && u.Host != "" && (u.Scheme == "https" || u.Scheme == "http" && isLoopback(u.Hostname()))
}

func isLoopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

func withToken(r *http.Request, token string, again bool) (*http.Request, error) {
	attempt := r.Clone(r.Context())
	attempt.Header.Set("Authorization", "Bearer "+token)
	if again && r.GetBody != nil {
		body, err := r.GetBody()
		if err != nil {
			return nil, fmt.Errorf("client: repeating a request: %w", err)
		}
		attempt.Body = body
	}
	return attempt, nil
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

// refusalOf returns the error of the table that the answer is; nil for any other,
// of which the body is left to be read.
func refusalOf(resp *http.Response) *Error {
	if resp.StatusCode < http.StatusBadRequest {
		return nil
	}
	if mediaType, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type")); mediaType != "application/json" {
		return nil
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxBody+1))
	if err == nil && len(body) <= maxBody {
		if e := decode(resp, body); e.Code != "" {
			resp.Body.Close()
			return e
		}
	}
	resp.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(body), resp.Body), resp.Body}
	return nil
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
