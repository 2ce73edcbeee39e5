package client_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/client"
)

func errorContains(err error, text string) bool {
	return err != nil && strings.Contains(err.Error(), text)
}

func TestRequestOfTheCallerStaysAsItIs(t *testing.T) {
	inFakeTime(t, func(t *testing.T) {
		s := newService(time.Hour)
		r, _ := http.NewRequest("GET", origin, nil)
		if _, err := s.transport(t).RoundTrip(r); err != nil || len(r.Header) > 0 {
			t.Errorf("got the caller's header %v and error %v, want none", r.Header, err)
		}
	})
}

// Rules: S8.11, S8.12, S8.20.
func TestAnswersThatAskToWaitAreWaitedFor(t *testing.T) {
	for _, code := range []bearergate.Code{bearergate.ErrRateLimited, bearergate.ErrTemporarilyUnavailable} {
		t.Run(string(code), func(t *testing.T) {
			inFakeTime(t, func(t *testing.T) {
				s := newService(time.Hour)
				transport := s.connected(t)
				tenSeconds := refuseFor(code, 10*time.Second)
				s.next(read, tenSeconds, tenSeconds, tenSeconds)
				wantTookUpTo(t, 30*time.Second, 38*time.Second, func() { wantOK(t, transport) })
				wantAsked(t, s, read, read, read, read)
			})
		})
	}
}

func TestWaitingHasACap(t *testing.T) {
	for _, c := range []struct {
		name                         string
		maxWait, retryAfter, waiting time.Duration
		requests                     int
	}{
		{"a minute by default", 0, 20 * time.Second, time.Minute, 4},
		{"a minute in all", 0, 40 * time.Second, 40 * time.Second, 2},
		{"beyond it at once", 0, 61 * time.Second, 0, 1},
		{"as configured", 3 * time.Second, time.Second, 3 * time.Second, 4},
		{"none if negative", -1, time.Second, 0, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			inFakeTime(t, func(t *testing.T) {
				s := newService(time.Hour)
				s.connected(t)
				transport := s.transport(t, func(config *client.Config) { config.MaxWait = c.maxWait })
				s.always(read, refuseFor(bearergate.ErrRateLimited, c.retryAfter))
				var e *client.Error
				wantTookUpTo(t, c.waiting, c.waiting*5/4+time.Second/2, func() {
					err := get(transport)
					wantCode(t, err, bearergate.ErrRateLimited)
					errors.As(err, &e)
				})
				if e.RetryAfter != c.retryAfter {
					t.Errorf("RetryAfter: got %v, want %v", e.RetryAfter, c.retryAfter)
				}
				wantCount(t, s, read, c.requests, c.requests)
			})
		})
	}
}

func TestWaitingEndsWithTheContext(t *testing.T) {
	inFakeTime(t, func(t *testing.T) {
		s := newService(time.Hour)
		transport := s.connected(t)
		s.always(read, refuseFor(bearergate.ErrRateLimited, 2*time.Second))
		wantTook(t, 3*time.Second, func() {
			ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
			defer cancel()
			r, _ := http.NewRequestWithContext(ctx, "GET", origin, nil)
			_, err := transport.RoundTrip(r)
			wantCode(t, err, bearergate.ErrRateLimited)
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("got error %v, want %v in its tree", err, context.DeadlineExceeded)
			}
		})
	})
}

// Rules: S8.6, S8.7, S8.27.
func TestOtherRefusalsAreErrorsAtOnce(t *testing.T) {
	inFakeTime(t, func(t *testing.T) {
		s := newService(time.Hour)
		transport := s.connected(t)
		for _, code := range bearergate.Codes() {
			if a := code.Action(); a == client.Wait || a == client.RefreshAndRemint || a == client.Reconnect {
				continue // these have tests of their own
			}
			s.next(read, refuse(code))
			wantCode(t, get(transport), code)
			wantAsked(t, s, read)
		}
	})
}

func TestAnswersOfTheAPIsOwnAreReturnedAsTheyAre(t *testing.T) {
	for name, c := range map[string]struct {
		status            int
		contentType, body string
	}{
		"another code":        {418, "application/json", `{"error":"short and stout"}`},
		"a long body":         {418, "application/json", `{"error":"invalid_token"}` + strings.Repeat(" ", 2<<20)},
		"another status":      {409, "application/json", `{"error":"grant_revoked"}`},
		"a code in plain":     {410, "text/plain", `{"error":"grant_revoked"}`},
		"a proxy's 503":       {503, "text/html", "<html>"},
		"a 503 of its own":    {503, "application/json", `{"message":"later"}`},
		"a 404 of its own":    {404, "application/json", `{"message":"no such project"}`},
		"a success of a code": {200, "application/json", `{"error":"grant_revoked"}`},
	} {
		t.Run(name, func(t *testing.T) {
			inFakeTime(t, func(t *testing.T) {
				s := newService(time.Hour)
				transport := s.connected(t)
				s.next(read, func(r *http.Request) (*http.Response, error) {
					resp, err := send(c.status, c.contentType, c.body)(r)
					resp.Header.Set("Retry-After", "1")
					return resp, err
				})
				got, err := ask(transport, http.MethodGet, nil)
				if want := fmt.Sprint(c.status, " ", c.body); err != nil || got != want {
					t.Errorf("got %.80q (%d bytes), %v, want %.80q (%d bytes) and no error", got, len(got), err, want, len(want))
				}
				wantAsked(t, s, read)
			})
		})
	}
}

// TestHEADIsActedOnByItsChallenge has no body to read (S8.26).
func TestHEADIsActedOnByItsChallenge(t *testing.T) {
	for _, c := range []struct {
		code  bearergate.Code
		error bool // else the answer of the last request
		asked []string
	}{
		{bearergate.ErrInvalidRequest, false, []string{read}}, // has a challenge on a guarded route alone
		{bearergate.ErrInvalidToken, false, []string{read, refresh, mint, read}},
		{bearergate.ErrMissingScope, true, []string{read}},
		{bearergate.ErrWrongOrganization, false, []string{read}},
		{bearergate.ErrForbidden, false, []string{read}},
		{bearergate.ErrGrantNotFound, false, []string{read}},
		{bearergate.ErrGrantRevoked, false, []string{read}},
		{bearergate.ErrRateLimited, false, []string{read, read}},
		{bearergate.ErrTemporarilyUnavailable, false, []string{read, read}},
		{bearergate.ErrServerError, false, []string{read}},
	} {
		t.Run(string(c.code), func(t *testing.T) {
			inFakeTime(t, func(t *testing.T) {
				s := newService(time.Hour)
				transport := s.connected(t)
				s.next(read, refuseFor(c.code, time.Second))
				_, err := ask(transport, http.MethodHead, nil)
				if c.error {
					wantCode(t, err, c.code)
				} else if err != nil {
					t.Errorf("got error %v, want none", err)
				}
				wantAsked(t, s, c.asked...)
				wantDeaths(t, s, 0)
			})
		})
	}
}

// onlyReader hides that a body could be read again.
type onlyReader struct{ io.Reader }

// Rules: S8.1.
func TestBodiesAreReplayedIfTheyCanBe(t *testing.T) {
	payload := strings.Repeat("body ", 1000) + "end"
	for _, code := range []bearergate.Code{bearergate.ErrInvalidToken, bearergate.ErrRateLimited} {
		t.Run(string(code), func(t *testing.T) {
			inFakeTime(t, func(t *testing.T) {
				s := newService(time.Hour)
				transport := s.connected(t)
				s.next(read, refuse(code))
				got, err := ask(transport, http.MethodPost, strings.NewReader(payload))
				if want := "200 POST " + payload; err != nil || got != want {
					t.Errorf("got %.40q, %v, want %.40q and no error", got, err, want)
				}

				s.forget()
				s.next(read, refuse(code))
				_, err = ask(transport, http.MethodPost, onlyReader{strings.NewReader(payload)})
				wantCode(t, err, code)
				if want := "GetBody"; !errorContains(err, want) {
					t.Errorf("got error %v, want one with %q", err, want)
				}
				wantAsked(t, s, read)
			})
		})
	}
}

func TestBodyThatCannotBeReadAgainIsAnError(t *testing.T) {
	inFakeTime(t, func(t *testing.T) {
		s := newService(time.Hour)
		transport := s.connected(t)
		s.next(read, refuse(bearergate.ErrRateLimited))
		lost := errors.New("the file is gone")
		r, _ := http.NewRequest("POST", origin, strings.NewReader("x"))
		r.GetBody = func() (io.ReadCloser, error) { return nil, lost }
		if _, err := transport.RoundTrip(r); !errors.Is(err, lost) {
			t.Errorf("got error %v, want %v in its tree", err, lost)
		}
	})
}

// closing is a body that counts how often it is closed.
type closing struct {
	io.Reader
	closed int
}

func (c *closing) Close() error {
	c.closed++
	return nil
}

func TestBodyOfARequestThatIsNotSentIsClosed(t *testing.T) {
	inFakeTime(t, func(t *testing.T) {
		s := newService(time.Hour)
		s.revoke()
		body := &closing{Reader: bytes.NewReader([]byte("x"))}
		r, _ := http.NewRequest("POST", origin, body)
		_, err := s.transport(t).RoundTrip(r)
		wantCode(t, err, bearergate.ErrInvalidGrant)
		wantAsked(t, s, refresh)
		if body.closed != 1 {
			t.Errorf("the body was closed: got %d times, want once", body.closed)
		}
	})
}

func TestBodyOfARequestIsClosedOnce(t *testing.T) {
	for _, target := range []string{origin, "https://other.example/"} {
		t.Run(target, func(t *testing.T) {
			inFakeTime(t, func(t *testing.T) {
				s := newService(time.Hour)
				transport := s.transport(t, func(c *client.Config) {
					c.Base = roundTripper(func(r *http.Request) (*http.Response, error) {
						if r.URL.Host != "api.example" {
							r.Body.Close()
							return page(200)(r)
						}
						return s.RoundTrip(r)
					})
				})
				body := &closing{Reader: strings.NewReader("x")}
				r, _ := http.NewRequest("POST", target, body)
				if _, err := transport.RoundTrip(r); err != nil {
					t.Errorf("got error %v, want none", err)
				}
				if body.closed != 1 {
					t.Errorf("the body was closed: got %d times, want once", body.closed)
				}
			})
		})
	}
}

// Rules: S8.22.
func TestTokenGoesToTheAPIAlone(t *testing.T) {
	for _, c := range []struct {
		location string
		want     string // the Authorization that is sent there
	}{
		{"https://evil.example/", ""},
		{"//evil.example/x", ""},
		{"http://api.example/plain", ""},
		{"http://api.example:443/plain", ""},
		{"https://api.example:8443/", ""},
		{"https://api.example.evil/", ""},
		{"https://sub.api.example/", ""},
		{"https://API.example:443/elsewhere", "Bearer installation-1"},
		{"/elsewhere", "Bearer installation-1"},
	} {
		t.Run(c.location, func(t *testing.T) {
			inFakeTime(t, func(t *testing.T) {
				s := newService(time.Hour)
				transport := s.connected(t)
				got := "no request"
				redirect := func(r *http.Request) (*http.Response, error) {
					resp, err := page(302)(r)
					resp.Header.Set("Location", c.location)
					return resp, err
				}
				arrive := func(r *http.Request) (*http.Response, error) {
					got = r.Header.Get("Authorization")
					return page(200)(r)
				}
				s.next(read, redirect, arrive)
				if err := get(transport); err != nil {
					t.Errorf("got error %v, want none", err)
				}
				if got != c.want {
					t.Errorf("Authorization: got %q, want %q", got, c.want)
				}
			})
		})
	}
}

// TestRedirectWithAUserSendsNoToken is apart, as net/http makes Basic credentials of
// the user.
func TestRedirectWithAUserSendsNoToken(t *testing.T) {
	inFakeTime(t, func(t *testing.T) {
		s := newService(time.Hour)
		transport := s.connected(t)
		r, _ := http.NewRequest("GET", "https://api.example@evil.example/", nil)
		s.next(read, func(r *http.Request) (*http.Response, error) {
			if got := r.Header.Get("Authorization"); strings.Contains(got, "Bearer") {
				t.Errorf("Authorization: got %q, want no token", got)
			}
			return page(200)(r)
		})
		if _, err := transport.RoundTrip(r); err != nil {
			t.Errorf("got error %v, want none", err)
		}
	})
}

type closes struct {
	io.Reader
	closed bool
}

func (c *closes) Close() error { c.closed = true; return nil }

func TestRequestThatNobodyCanSendIsAnError(t *testing.T) {
	s := newService(time.Hour)
	for name, r := range map[string]*http.Request{
		"no URL":    {Header: http.Header{}},
		"no header": {URL: &url.URL{Scheme: "https", Host: "api.example"}},
	} {
		body := new(closes)
		r.Body = body
		if resp, err := s.transport(t).RoundTrip(r); err == nil || resp != nil || !body.closed {
			t.Errorf("%s: got %v, %v, body closed %t, want an error and the body closed", name, resp, err, body.closed)
		}
	}
}

// TestHEADWithoutRetryAfterIsWaitedFor is a HEAD that is answered 503 or 429 alone.
//
// Rules: S8.11, S8.26, S8.28.
func TestHEADWithoutRetryAfterIsWaitedFor(t *testing.T) {
	for _, status := range []int{429, 503} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			inFakeTime(t, func(t *testing.T) {
				s := newService(time.Hour)
				transport := s.connected(t)
				s.next(read, send(status, "application/json", ""))
				if got, err := ask(transport, http.MethodHead, nil); err != nil || !strings.HasPrefix(got, "200") {
					t.Errorf("HEAD: got %q, %v, want 200 after a wait", got, err)
				}
			})
		})
	}
}

// TestRefusalIsAnErrorItself: the documentation of Transport says that RoundTrip returns
// the answer as an *Error.
//
// Rules: S8.6.
func TestRefusalIsAnErrorItself(t *testing.T) {
	inFakeTime(t, func(t *testing.T) {
		s := newService(time.Hour)
		transport := s.connected(t)
		s.next(read, refuse(bearergate.ErrMissingScope))
		r, _ := http.NewRequest(http.MethodGet, origin+"/resource", nil)
		_, err := transport.RoundTrip(r)
		if n := strings.Count(fmt.Sprint(err), "missing_scope"); n != 1 {
			t.Errorf("got %q, which says missing_scope %d times, want once", err, n)
		}
		if _, ok := err.(*client.Error); !ok {
			t.Errorf("got a %T, want a *client.Error", err)
		}
	})
}

func TestDefaultTransportSendsTheRequests(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.Header.Get("Authorization")) }))
	defer server.Close()
	s := newService(time.Hour)
	s.save(client.Connection{Access: client.StoredToken{Text: "access-1", IssuedAt: time.Now(), ExpiresAt: time.Now().Add(time.Hour)}})
	transport := s.transport(t, func(c *client.Config) { c.APIURL, c.MintURL, c.Base = server.URL, "", nil })
	resp, err := (&http.Client{Transport: transport}).Get(server.URL)
	if err != nil {
		t.Fatalf("got error %v, want none", err)
	}
	defer resp.Body.Close()
	if got, _ := io.ReadAll(resp.Body); string(got) != "Bearer access-1" {
		t.Errorf("Authorization: got %q, want the access token", got)
	}
}

// TestGrantIDThatMakesNoURLIsAnError has the grant name the host.
func TestGrantIDThatMakesNoURLIsAnError(t *testing.T) {
	inFakeTime(t, func(t *testing.T) {
		s := newService(time.Hour)
		s.save(client.Connection{GrantID: "a b", RefreshToken: "refresh-1"})
		transport := s.transport(t, func(c *client.Config) { c.MintURL = "https://{grantId}.api.example/tokens" })
		if err := get(transport); !errorContains(err, "minting an installation token: parse") {
			t.Errorf("got error %v, want one of the URL", err)
		}
		wantAsked(t, s, refresh)
	})
}

func TestTokenIsTheOneThatRequestsAreSentWith(t *testing.T) {
	inFakeTime(t, func(t *testing.T) {
		s := newService(time.Hour)
		transport := s.transport(t)
		for _, want := range []string{"installation-1", "installation-1", "installation-2"} {
			if got, err := transport.Token(t.Context()); err != nil || got.Text != want || got.ExpiresAt.Sub(got.IssuedAt) != time.Hour {
				t.Errorf("got %+v, %v, want %s for an hour", got, err, want)
			}
			time.Sleep(40 * time.Minute)
		}
		s.revoke()
		time.Sleep(time.Hour)
		got, err := transport.Token(t.Context())
		wantReconnect(t, err, bearergate.ErrInvalidGrant)
		if got != (client.StoredToken{}) {
			t.Errorf("got %+v of a dead connection, want no token", got)
		}
	})
}
