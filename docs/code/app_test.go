package code_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"testing"

	"github.com/bearergate/bearergate/bearergatetest"
	"github.com/bearergate/bearergate/client"
)

// newApp returns the pages of an app with one user, whose session has begun.
func newApp(self, api, secret string, connections client.ConnectionStore) (http.Handler, error) {
	transport, err := client.New(client.Config{
		APIURL:       api,
		AuthorizeURL: api + "/oauth/authorize",
		TokenURL:     api + "/oauth/token",
		MintURL:      api + "/installations/{grantId}/tokens",
		RevokeURL:    api + "/installations/{grantId}",
		RedirectURL:  self + "/callback",
		ClientID:     "app-1",
		ClientSecret: secret,
		Connections:  connections,
		ConnectionID: "user-1",
	})
	var begun client.Authorization
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var err error
		switch r.URL.Path {
		case "/connect":
			if begun, err = transport.Authorize("projects:read"); err == nil {
				http.Redirect(w, r, begun.URL, http.StatusFound)
			}
		case "/callback":
			err = transport.Connect(r.Context(), begun, r.URL.Query())
		case "/projects":
			err = copyProjects(w, &http.Client{Transport: transport}, api)
		case "/disconnect":
			err = transport.Disconnect(r.Context())
		}
		var e *client.Error
		switch {
		case errors.As(err, &e) && e.Action == client.Reconnect:
			http.Redirect(w, r, "/connect", http.StatusFound)
		case err != nil:
			http.Error(w, "try again later", http.StatusBadGateway)
		}
	}), err
}

func copyProjects(w io.Writer, c *http.Client, api string) error {
	resp, err := c.Get(api + "/projects")
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	_, err = io.Copy(w, resp.Body)
	return err
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
	open := func(page, want string) {
		t.Helper()
		resp, err := browser.Get(server.URL + page)
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
	open("/connect", "")
	open("/projects", "the projects")
	start()
	service.Expire()
	open("/projects", "the projects")
	service.Revoke()
	open("/projects", "") // by way of /connect and /callback
	open("/projects", "the projects")
	open("/disconnect", "")
	if c, err := connections.Load(t.Context(), "user-1"); err != nil || c.Dead == "" {
		t.Errorf("after disconnecting: got %v, %v, want a dead connection", c.Dead, err)
	}
}
