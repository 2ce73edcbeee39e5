package bearergatetest_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/bearergatetest"
	"github.com/bearergate/bearergate/client"
)

// appOf returns an app that is registered at the server.
func appOf(t *testing.T, s *bearergatetest.AppServer, connections client.ConnectionStore) *client.Transport {
	t.Helper()
	transport, err := client.New(client.Config{
		APIURL: s.URL, TokenURL: s.TokenURL(), MintURL: s.MintURL(), RevokeURL: s.RevokeURL(), AuthorizeURL: s.AuthorizeURL(),
		RedirectURL: "http://127.0.0.1:4711/callback", Issuer: s.URL,
		ClientID: bearergatetest.DefaultClientID, ClientSecret: bearergatetest.DefaultClientSecret,
		Connections: connections, ConnectionID: "user-1",
	})
	if err != nil {
		t.Fatal(err)
	}
	return transport
}

// connectApp does what the browser does.
func connectApp(t *testing.T, app *client.Transport) error {
	t.Helper()
	a, err := app.Authorize("projects:read")
	if err != nil {
		t.Fatal(err)
	}
	return app.Connect(t.Context(), a, callbackOf(t, a.URL))
}

// callbackOf returns the query of the redirect that the page answers.
func callbackOf(t *testing.T, page string) url.Values {
	t.Helper()
	browser := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := browser.Get(page)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	back, err := resp.Location()
	if err != nil {
		t.Fatalf("%s: got %s and %v, want a redirect", page, resp.Status, err)
	}
	return back.Query()
}

// connectedApp returns a server and an app that is connected to it.
func connectedApp(t *testing.T) (*bearergatetest.AppServer, *client.Transport) {
	t.Helper()
	s := bearergatetest.NewAppServer(nil)
	t.Cleanup(s.Close)
	app := appOf(t, s, new(client.MemoryConnections))
	if err := connectApp(t, app); err != nil {
		t.Fatalf("Connect: got error %v, want none", err)
	}
	wantAppWorks(t, s, app)
	return s, app
}

func call(s *bearergatetest.AppServer, app http.RoundTripper) (string, error) {
	resp, err := (&http.Client{Transport: app}).Get(s.URL + "/projects")
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return fmt.Sprint(resp.StatusCode, " ", string(body)), err
}

func wantAppWorks(t *testing.T, s *bearergatetest.AppServer, app http.RoundTripper) {
	t.Helper()
	if got, err := call(s, app); err != nil || got != "200 {}\n" {
		t.Errorf("a request: got %q, %v, want 200 and an empty object", got, err)
	}
}

func TestAppServerKnobs(t *testing.T) {
	for name, play := range map[string]func(*testing.T, *bearergatetest.AppServer, *client.Transport){
		"Expire": func(_ *testing.T, s *bearergatetest.AppServer, _ *client.Transport) { s.Expire() },
		"Rotate": func(t *testing.T, s *bearergatetest.AppServer, _ *client.Transport) {
			if first, second := s.Rotate(), s.Rotate(); first == second || second == "" {
				t.Errorf("Rotate: got %q after %q, want a new token", second, first)
			}
		},
		"LoseAnswers": func(_ *testing.T, s *bearergatetest.AppServer, _ *client.Transport) { s.Expire(); s.LoseAnswers(1) },
		"Down": func(t *testing.T, s *bearergatetest.AppServer, app *client.Transport) {
			s.Down(502)
			if got, err := call(s, app); err != nil || got != "502 <html>Bad Gateway</html>" {
				t.Errorf("while down: got %q, %v, want a page", got, err)
			}
			s.Up()
		},
		"Revoke, and connected again": func(t *testing.T, s *bearergatetest.AppServer, app *client.Transport) {
			s.Revoke()
			_, err := call(s, app)
			var e *client.Error
			if !errors.As(err, &e) || e.Action != client.Reconnect || e.Code != bearergate.ErrGrantRevoked {
				t.Errorf("after Revoke: got error %v, want %v", err, bearergate.ErrGrantRevoked)
			}
			if err := connectApp(t, app); err != nil {
				t.Errorf("Connect after Revoke: got error %v, want none", err)
			}
		},
		"Deny": func(t *testing.T, s *bearergatetest.AppServer, app *client.Transport) {
			s.Deny(true)
			if err := connectApp(t, app); !errors.Is(err, client.ErrAccessDenied) {
				t.Errorf("Connect: got error %v, want %v", err, client.ErrAccessDenied)
			}
			s.Deny(false)
		},
	} {
		t.Run(name, func(t *testing.T) {
			s, app := connectedApp(t)
			play(t, s, app)
			wantAppWorks(t, s, app)
		})
	}
}

func TestAppServerIsDisconnected(t *testing.T) {
	s, app := connectedApp(t)
	if err := app.Disconnect(t.Context()); err != nil {
		t.Errorf("Disconnect: got error %v, want none", err)
	}
	if _, err := call(s, app); !errors.Is(err, bearergate.ErrGrantRevoked) {
		t.Errorf("afterwards: got error %v, want %v", err, bearergate.ErrGrantRevoked)
	}
}

func TestAppServerGuardsItsAPI(t *testing.T) {
	s := bearergatetest.NewAppServer(nil)
	defer s.Close()
	if _, err := call(s, http.DefaultTransport); err != nil {
		t.Fatal(err)
	}
	if got, _ := call(s, http.DefaultTransport); got != "401 {\"error\":\"invalid_token\"}\n" {
		t.Errorf("without a token: got %q, want 401", got)
	}
}

func TestAppServerRedirectsOnlyToTheApp(t *testing.T) {
	s := bearergatetest.NewAppServer(nil)
	defer s.Close()
	for _, query := range []string{
		"client_id=app-1&redirect_uri=https://evil.example/", "client_id=another&redirect_uri=" + bearergatetest.DefaultRedirectURL,
	} {
		resp, err := http.Get(s.AuthorizeURL() + "?" + query)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: got %s, want 400", query, resp.Status)
		}
	}
	got := callbackOf(t, s.AuthorizeURL()+"?client_id=app-1&response_type=token&redirect_uri="+bearergatetest.DefaultRedirectURL)
	if got.Get("error") != "invalid_request" || got.Get("iss") != s.URL || got.Has("state") {
		t.Errorf("a request that is not for a code: got %v, want invalid_request, iss and no state", got)
	}
	if got := callbackOf(t, s.AuthorizeURL()+"?client_id=app-1&response_type=code"); !got.Has("code") {
		t.Errorf("a request without redirect_uri: got %v, want a code at the registered one", got)
	}
}

// TestRotateWhileAnswersAreLost has another process of the app refresh while answers are
// lost. The test that calls Rotate must not panic.
func TestRotateWhileAnswersAreLost(t *testing.T) {
	s, app := connectedApp(t)
	defer func() {
		if value := recover(); value != nil {
			t.Errorf("Rotate: got the panic %v, want none", value)
		}
	}()
	s.LoseAnswers(1)
	s.Rotate()
	wantAppWorks(t, s, app)
}

// TestRevokeRevokesTheLastConnection has the user open the page of the server a second
// time, and never come back to the app. The last connection is the first one then.
func TestRevokeRevokesTheLastConnection(t *testing.T) {
	s, app := connectedApp(t)
	a, err := app.Authorize("projects:read")
	if err != nil {
		t.Fatal(err)
	}
	callbackOf(t, a.URL)
	s.Revoke()
	if _, err := call(s, app); !errors.Is(err, bearergate.ErrGrantRevoked) {
		t.Errorf("after Revoke: got error %v, want %v", err, bearergate.ErrGrantRevoked)
	}
}

// TestReloadOfTheCallbackKeepsTheConnection has the user reload the page of the callback,
// with the app of docs/client.md: it calls Connect with the same Authorization and the
// same code again. The connection that the first call made must live.
//
// Rules: S8.3.
func TestReloadOfTheCallbackKeepsTheConnection(t *testing.T) {
	s := bearergatetest.NewAppServer(nil)
	t.Cleanup(s.Close)
	app := appOf(t, s, new(client.MemoryConnections))
	a, err := app.Authorize("projects:read")
	if err != nil {
		t.Fatal(err)
	}
	callback := callbackOf(t, a.URL)
	if err := app.Connect(t.Context(), a, callback); err != nil {
		t.Fatal(err)
	}
	wantAppWorks(t, s, app)
	app.Connect(t.Context(), a, callback)
	wantAppWorks(t, s, app)
}

func TestCallbackIsAnyPageOfThisMachine(t *testing.T) {
	s := bearergatetest.NewAppServer(nil)
	t.Cleanup(s.Close)
	for redirect, want := range map[string]bool{
		"http://localhost:4711/a/b?tenant=1": true, "http://[::1]/": true,
		"https://evil.example/callback": false, "http://evil.example/callback": false, "/callback": false,
	} {
		target := s.AuthorizeURL() + "?" + url.Values{
			"response_type": {"code"}, "client_id": {bearergatetest.DefaultClientID}, "redirect_uri": {redirect},
		}.Encode()
		browser := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
		resp, err := browser.Get(target)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if got := resp.StatusCode == http.StatusFound; got != want {
			t.Errorf("%s: got %s, want a redirect: %t", redirect, resp.Status, want)
		}
	}
}

func TestMethodsNeedAConnection(t *testing.T) {
	s := bearergatetest.NewAppServer(nil)
	t.Cleanup(s.Close)
	for name, call := range map[string]func(){"Revoke": s.Revoke, "Rotate": func() { s.Rotate() }} {
		func() {
			defer func() {
				if got := fmt.Sprint(recover()); !strings.Contains(got, "bearergatetest: "+name) {
					t.Errorf("%s: got the panic %q, want one that names it", name, got)
				}
			}()
			call()
		}()
	}
}
