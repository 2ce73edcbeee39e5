package code_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/bearergate/bearergate/bearergatetest"
	"github.com/bearergate/bearergate/client"
)

// newApp returns the pages of an app with one user.
func newApp(self, api, secret string, connections client.ConnectionStore) (http.Handler, error) {
	transport, err := client.New(client.Config{
		APIURL: api, AuthorizeURL: api + "/oauth/authorize", TokenURL: api + "/oauth/token",
		MintURL: api + "/installations/{grantId}/tokens", RevokeURL: api + "/installations/{grantId}",
		RedirectURL: self + "/callback", ClientID: "app-1", ClientSecret: secret,
		Connections: connections, ConnectionID: "user-1",
	})
	var begun atomic.Value // a client.Authorization: keep it in the user's session
	mux := http.NewServeMux()
	mux.Handle("GET /connect", page(func(w http.ResponseWriter, r *http.Request) error {
		a, err := transport.Authorize("projects:read")
		begun.Store(a)
		http.Redirect(w, r, a.URL, http.StatusSeeOther)
		return err
	}))
	mux.Handle("GET /callback", page(func(w http.ResponseWriter, r *http.Request) error {
		a, _ := begun.Swap(client.Authorization{}).(client.Authorization) // each is good for one callback
		if err := transport.Connect(r.Context(), a, r.URL.Query()); err != nil {
			return err
		}
		http.Redirect(w, r, "/projects", http.StatusSeeOther)
		return nil
	}))
	mux.Handle("GET /projects", page(func(w http.ResponseWriter, r *http.Request) error {
		resp, err := (&http.Client{Transport: transport}).Get(api + "/projects")
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		if err = client.CheckResponse(resp); err == nil {
			_, err = io.Copy(w, resp.Body)
		}
		return err
	}))
	mux.Handle("POST /disconnect", page(func(_ http.ResponseWriter, r *http.Request) error {
		return transport.Disconnect(r.Context())
	}))
	return mux, err
}

// page shows a page, or lets the user connect if that is needed.
func page(show func(http.ResponseWriter, *http.Request) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		err := show(w, r)
		var e *client.Error
		switch {
		case errors.As(err, &e) && e.Action == client.Reconnect, errors.Is(err, client.ErrNoConnection):
			http.Redirect(w, r, "/connect", http.StatusSeeOther)
		case err != nil:
			http.Error(w, "this did not work: try again", http.StatusBadGateway)
		}
	}
}

// TestAppOfClientPage connects, calls, survives a restart and a revocation, and
// disconnects.
func TestAppOfClientPage(t *testing.T) {
	service := bearergatetest.NewAppServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "the projects") }))
	defer service.Close()
	connections := new(client.MemoryConnections)
	var running http.Handler
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { running.ServeHTTP(w, r) }))
	defer server.Close()
	start := func() {
		var err error
		if running, err = newApp(server.URL, service.URL, bearergatetest.DefaultClientSecret, connections); err != nil {
			t.Fatal(err)
		}
	}
	jar, _ := cookiejar.New(nil)
	browser := &http.Client{Jar: jar}
	open := func(method, page, want string) {
		t.Helper()
		r, _ := http.NewRequest(method, server.URL+page, nil)
		resp, err := browser.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		body, _ := io.ReadAll(resp.Body)
		if got := string(body); got != want || resp.StatusCode != 200 {
			t.Errorf("%s: got %s %q, want %q", page, resp.Status, got, want)
		}
	}

	start()
	open("GET", "/projects", "the projects") // by way of /connect and /callback
	start()
	service.Expire()
	open("GET", "/projects", "the projects")
	service.Revoke()
	open("GET", "/projects", "the projects") // by way of /connect and /callback
	open("POST", "/disconnect", "")
	if c, err := connections.Load(t.Context(), "user-1"); err != nil || c.Dead == "" {
		t.Errorf("after disconnecting: got %v, %v, want a dead connection", c.Dead, err)
	}
}
