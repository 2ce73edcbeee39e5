package client_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/client"
	"github.com/google/go-cmp/cmp"
)

// begun returns a transport of s without a connection, and its authorization.
func begun(t *testing.T, s *service, changes ...func(*client.Config)) (*client.Transport, client.Authorization) {
	t.Helper()
	transport := s.transport(t, append(changes, func(c *client.Config) { c.ConnectionID = "user-2" })...)
	a, err := transport.Authorize("projects:read", "projects:write")
	if err != nil {
		t.Fatalf("Authorize: got error %v, want none", err)
	}
	page, err := url.Parse(a.URL)
	if err != nil {
		t.Fatal(err)
	}
	s.challenge = page.Query().Get("code_challenge")
	return transport, a
}

func TestAuthorizationRequestHasStateAndPKCE(t *testing.T) {
	_, a := begun(t, newService(time.Hour))
	_, other := begun(t, newService(time.Hour))
	if a.State == other.State || a.CodeVerifier == other.CodeVerifier || len(a.State) < 22 || len(a.CodeVerifier) < 43 {
		t.Errorf("got %+v and %+v, want secrets of their own", a, other)
	}
	page, _ := url.Parse(a.URL)
	got := page.Query()
	if len(got.Get("code_challenge")) != 43 {
		t.Errorf("code_challenge: got %q, want a SHA-256 in base64url", got.Get("code_challenge"))
	}
	got.Del("code_challenge")
	want := url.Values{
		"tenant": {"a"}, "response_type": {"code"}, "client_id": {"app"}, "redirect_uri": {"https://app.example/callback"},
		"scope": {"projects:read projects:write"}, "state": {a.State}, "code_challenge_method": {"S256"},
	}
	if diff := cmp.Diff(want, got); diff != "" || page.Host != "api.example" || page.Path != "/authorize" {
		t.Errorf("%s: -want +got\n%s", a.URL, diff)
	}
}

func TestAuthorizationRequestWithoutScopesHasNoScope(t *testing.T) {
	a, err := newService(time.Hour).transport(t).Authorize()
	if err != nil {
		t.Fatalf("Authorize: got error %v, want none", err)
	}
	page, _ := url.Parse(a.URL)
	if page.Query().Has("scope") {
		t.Errorf("got %s, want no scope", a.URL)
	}
}

func TestConnectSavesWhatTheCodeWasExchangedFor(t *testing.T) {
	inFakeTime(t, func(t *testing.T) {
		s := newService(time.Hour)
		transport, a := begun(t, s)
		if err := transport.Connect(t.Context(), a, url.Values{"code": {"code"}, "state": {a.State}}); err != nil {
			t.Fatalf("Connect: got error %v, want none", err)
		}
		wantAsked(t, s, refresh)
		wantOK(t, transport)
		wantAsked(t, s, mint, read)
		wantOK(t, s.transport(t, func(c *client.Config) { c.ConnectionID = "user-2" }))
		wantAsked(t, s, read)
	})
}

// TestConnectRevivesADeadConnection has two processes, and connects in one.
//
// Rules: S8.13.
func TestConnectRevivesADeadConnection(t *testing.T) {
	inFakeTime(t, func(t *testing.T) {
		s := newService(time.Hour)
		first := func(c *client.Config) { c.ConnectionID = "user-1" }
		_, a := begun(t, s)
		transport, other := s.transport(t, first), s.transport(t, first)
		s.revoke()
		wantReconnect(t, get(transport), bearergate.ErrInvalidGrant)
		wantReconnect(t, get(other), bearergate.ErrInvalidGrant)
		if err := transport.Connect(t.Context(), a, url.Values{"code": {"code"}, "state": {a.State}}); err != nil {
			t.Fatalf("Connect: got error %v, want none", err)
		}
		wantOK(t, transport)
		time.Sleep(time.Second)
		wantOK(t, other)
	})
}

func TestCallbackIsChecked(t *testing.T) {
	for _, c := range []struct {
		name     string
		callback string // S is the state
		want     error
	}{
		{"no state", "code=code", client.ErrWrongState},
		{"another state", "code=code&state=x", client.ErrWrongState},
		{"an empty state", "code=code&state=", client.ErrWrongState},
		{"two states", "code=code&state=S&state=S", client.ErrWrongState},
		{"another issuer", "code=code&state=S&iss=https://evil.example", client.ErrWrongIssuer},
		{"no issuer", "code=code&state=S", client.ErrWrongIssuer},
		{"two issuers", "code=code&state=S&iss=https://sso.example&iss=https://sso.example", client.ErrWrongIssuer},
		{"no code", "state=S&iss=https://sso.example", client.ErrNoCode},
		{"two codes", "code=code&code=code&state=S&iss=https://sso.example", client.ErrNoCode},
		{"refused", "error=access_denied&state=S&iss=https://sso.example", client.ErrAccessDenied},
		{"another error", "error=server_error&state=S&iss=https://sso.example", client.CallbackError("server_error")},
		{"an error and a code", "error=server_error&code=code&state=S&iss=https://sso.example", client.CallbackError("server_error")},
		{"an error of another", "error=access_denied&state=x&iss=https://sso.example", client.ErrWrongState},
		{"an error of 64 letters", "error=" + strings.Repeat("z", 64) + "&state=S&iss=https://sso.example", client.CallbackError(strings.Repeat("z", 64))},
		{"a longer error", "error=" + strings.Repeat("z", 65) + "&state=S&iss=https://sso.example", client.ErrNoCode},
		{"an empty error", "error=&code=code&state=S&iss=https://sso.example", client.ErrNoCode},
		{"an error in capitals", "error=ACCESS_DENIED&state=S&iss=https://sso.example", client.ErrNoCode},
		{"an error that is no code", "error=Call%20555&state=S&iss=https://sso.example", client.ErrNoCode},
		{"an error with braces", "error={access_denied}&state=S&iss=https://sso.example", client.ErrNoCode},
		{"an error of the client's own", "error=wrong_state&state=S&iss=https://sso.example", client.ErrNoCode},
		{"an error of the client's own, of the issuer", "error=wrong_issuer&state=S&iss=https://sso.example", client.ErrNoCode},
		{"an error code of 64 letters", "error=" + strings.Repeat("e", 64) + "&state=S&iss=https://sso.example", client.CallbackError(strings.Repeat("e", 64))},
		{"an error code of 65 letters", "error=" + strings.Repeat("e", 65) + "&state=S&iss=https://sso.example", client.ErrNoCode},
		{"fine", "code=code&state=S&iss=https://sso.example", nil},
		{"wrong code", "code=guess&state=S&iss=https://sso.example", bearergate.ErrInvalidGrant},
	} {
		t.Run(c.name, func(t *testing.T) {
			inFakeTime(t, func(t *testing.T) {
				s := newService(time.Hour)
				transport, a := begun(t, s, func(c *client.Config) { c.Issuer = "https://sso.example" })
				callback, _ := url.ParseQuery(c.callback)
				for i, state := range callback["state"] {
					if state == "S" {
						callback["state"][i] = a.State
					}
				}
				err := transport.Connect(t.Context(), a, callback)
				if !errors.Is(err, c.want) {
					t.Errorf("got error %v, want %v", err, c.want)
				}
				if _, ok := c.want.(client.CallbackError); ok {
					wantAsked(t, s)
				}
			})
		})
	}
}

func TestIssuerIsCheckedIfThereIsOneInTheConfiguration(t *testing.T) {
	inFakeTime(t, func(t *testing.T) {
		transport, a := begun(t, newService(time.Hour))
		callback := url.Values{"code": {"code"}, "state": {a.State}, "iss": {"https://sso.example"}}
		if err := transport.Connect(t.Context(), a, callback); err != nil {
			t.Errorf("got error %v, want none", err)
		}
	})
}

func TestZeroAuthorizationConnectsNothing(t *testing.T) {
	s := newService(time.Hour)
	err := s.transport(t).Connect(t.Context(), client.Authorization{}, url.Values{"code": {"code"}, "state": {""}})
	if !errors.Is(err, client.ErrWrongState) {
		t.Errorf("got error %v, want %v", err, client.ErrWrongState)
	}
}

// TestCodeIsSentOnce holds since a code that is sent again is a replay, which
// revokes its tokens.
func TestCodeIsSentOnce(t *testing.T) {
	for name, a := range map[string]answer{
		"cut": cut, "cut body": cutBody, "503": refuse(bearergate.ErrTemporarilyUnavailable), "hang": hang,
		"no token": send(200, "application/json", `{"token_type":"Bearer","grant_id":"g"}`),
		"no grant": send(200, "application/json", `{"access_token":"a","token_type":"Bearer","expires_in":60}`),
	} {
		t.Run(name, func(t *testing.T) {
			inFakeTime(t, func(t *testing.T) {
				s := newService(time.Hour)
				transport, auth := begun(t, s)
				s.next(refresh, a)
				wantTookUpTo(t, 0, 8*time.Second, func() {
					if err := transport.Connect(t.Context(), auth, url.Values{"code": {"code"}, "state": {auth.State}}); err == nil {
						t.Error("got no error, want one")
					}
				})
				wantAsked(t, s, refresh)
			})
		})
	}
}

func TestFirstAndLastStepNeedTheirURLs(t *testing.T) {
	s := newService(time.Hour)
	for _, change := range []func(*client.Config){
		func(c *client.Config) { c.AuthorizeURL, c.RedirectURL = "", "" },
	} {
		if _, err := s.transport(t, change).Authorize(); !errorContains(err, "Config.AuthorizeURL and Config.RedirectURL") {
			t.Errorf("Authorize: got error %v, want one that names the fields", err)
		}
	}
	err := s.transport(t, func(c *client.Config) { c.RevokeURL = "" }).Disconnect(t.Context())
	if !errorContains(err, "Config.RevokeURL") {
		t.Errorf("Disconnect: got error %v, want one that names the field", err)
	}
}

func TestDisconnectRevokesTheGrant(t *testing.T) {
	for name, c := range map[string]struct {
		prepare func(*service)
		asked   []string
	}{
		"connected":                   {func(*service) {}, []string{leave}},
		"the access token is due":     {func(*service) { time.Sleep(time.Hour) }, []string{refresh, leave}},
		"the access token is refused": {func(s *service) { s.next(leave, refuse(bearergate.ErrInvalidToken)) }, []string{leave, refresh, leave}},
		"the answer is lost":          {func(s *service) { s.next(leave, actAnd(s, cut)) }, []string{leave, leave}},
		"revoked already":             {func(s *service) { s.revoke() }, []string{leave}},
		"deleted already":             {func(s *service) { s.next(leave, refuse(bearergate.ErrGrantNotFound)) }, []string{leave}},
		"found dead already":          {func(s *service) { s.kill(bearergate.ErrGrantRevoked) }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			inFakeTime(t, func(t *testing.T) {
				s := newService(time.Hour)
				transport := s.connected(t)
				c.prepare(s)
				if err := transport.Disconnect(t.Context()); err != nil {
					t.Errorf("Disconnect: got error %v, want none", err)
				}
				wantAsked(t, s, c.asked...)
				wantReconnect(t, get(transport), bearergate.ErrGrantRevoked)
				if got, want := s.stored().Dead, bearergate.ErrGrantRevoked; got != want {
					t.Errorf("stored Dead: got %q, want %q", got, want)
				}
				wantAsked(t, s)
			})
		})
	}
}

// kill stores that the connection is dead, as another process does.
func (s *service) kill(code bearergate.Code) {
	c := s.stored()
	c.Dead = code
	s.save(c)
}

func TestDisconnectThatFailsSaysSo(t *testing.T) {
	for name, c := range map[string]struct {
		prepare func(*service)
		dead    bool
		want    string
	}{
		"the API is down":              {func(s *service) { s.always(leave, page(502)) }, false, "502"},
		"the refresh token is refused": {func(s *service) { time.Sleep(time.Hour); s.revoke() }, true, "cannot be revoked from here"},
		"found dead already":           {func(s *service) { s.kill(bearergate.ErrInvalidGrant) }, true, "invalid_grant"},
	} {
		t.Run(name, func(t *testing.T) {
			inFakeTime(t, func(t *testing.T) {
				s := newService(time.Hour)
				transport := s.connected(t)
				c.prepare(s)
				if err := transport.Disconnect(t.Context()); !errorContains(err, c.want) {
					t.Errorf("Disconnect: got error %v, want one with %q", err, c.want)
				}
				if got := s.stored().Dead != ""; got != c.dead {
					t.Errorf("stored as dead: got %t, want %t", got, c.dead)
				}
				wantDeaths(t, s, 0)
			})
		})
	}
}

func TestDisconnectDoesNotCallDead(t *testing.T) {
	inFakeTime(t, func(t *testing.T) {
		s := newService(time.Hour)
		transport := s.connected(t)
		if err := transport.Disconnect(t.Context()); err != nil {
			t.Fatal(err)
		}
		get(transport)
		wantDeaths(t, s, 0)
	})
}

func TestDisconnectLeavesAConnectionThatCameMeanwhile(t *testing.T) {
	inFakeTime(t, func(t *testing.T) {
		s := newService(time.Hour)
		transport := s.connected(t)
		s.next(leave, func(r *http.Request) (*http.Response, error) {
			resp, err := s.actOn(r)
			s.reconnect()
			return resp, err
		})
		if err := transport.Disconnect(t.Context()); err != nil {
			t.Errorf("Disconnect: got error %v, want none", err)
		}
		if got := s.stored(); got.Dead != "" {
			t.Errorf("stored connection: got %s, want it alive", fmt.Sprint(got.Dead))
		}
		wantAlive(t, s, transport)
	})
}

func TestCallbackErrorsAreNamedByTheirCode(t *testing.T) {
	for err, want := range map[error]string{
		client.ErrAccessDenied: "access_denied", client.ErrWrongState: "wrong_state", client.ErrWrongIssuer: "wrong_issuer", client.ErrNoCode: "no_code",
	} {
		if got, want := err.Error(), "client: the authorization failed: "+want; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// Rules: S8.20.
func TestConnectAndDisconnectWaitNoLongerThanTheirContext(t *testing.T) {
	for name, act := range map[string]func(context.Context, *client.Transport, client.Authorization) error{
		"Connect": func(ctx context.Context, transport *client.Transport, a client.Authorization) error {
			return transport.Connect(ctx, a, url.Values{"code": {"code"}, "state": {a.State}})
		},
		"Disconnect": func(ctx context.Context, transport *client.Transport, _ client.Authorization) error {
			return transport.Disconnect(ctx)
		},
	} {
		t.Run(name, func(t *testing.T) {
			inFakeTime(t, func(t *testing.T) {
				s := newService(time.Hour)
				_, a := begun(t, s)
				transport := s.transport(t)
				s.always(refresh, hang)
				go get(transport)
				time.Sleep(time.Second)
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				wantTook(t, time.Second, func() {
					if err := act(ctx, transport, a); !errors.Is(err, context.DeadlineExceeded) {
						t.Errorf("got error %v, want %v", err, context.DeadlineExceeded)
					}
				})
				wantCount(t, s, leave, 0, 0)
			})
		})
	}
}
