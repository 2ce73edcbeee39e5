package code_test

import (
	"errors"
	"net/http"
	"testing"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/bearergatetest"
	"github.com/bearergate/bearergate/client"
)

// missingScopes returns the scopes to ask the user for, none if that does not
// help.
func missingScopes(resp *http.Response) ([]string, error) {
	err := client.CheckResponse(resp)
	var e *client.Error
	if errors.As(err, &e) && e.Action == client.Reauthorize {
		return e.Required, nil
	}
	return nil, err
}

func newClient(connections client.ConnectionStore, secret string, showReconnect func(id string)) (*http.Client, error) {
	transport, err := client.New(client.Config{
		APIURL:       "https://api.example", // only this origin gets the token, also after a redirect
		TokenURL:     "https://api.example/oauth/token",
		MintURL:      "https://api.example/installations/{grantId}/tokens",
		ClientID:     "app-1",
		ClientSecret: secret,
		Connections:  connections, // new(client.MemoryConnections), or your database
		ConnectionID: "user-1",
		Dead:         func(error) { showReconnect("user-1") },
	})
	if err != nil {
		return nil, err
	}
	return &http.Client{Transport: transport}, nil
}

func TestMissingScopesOfClientPage(t *testing.T) {
	issuer := bearergatetest.NewIssuer()
	server := newServer(t, bearergate.Chain(bearergate.RequireToken(issuer.Verifier()), bearergate.RequireScope("projects:read"))(ok))
	r, err := http.NewRequest("GET", server, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+issuer.Token())
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	scopes, err := missingScopes(resp)
	if err != nil || len(scopes) != 1 || scopes[0] != "projects:read" {
		t.Errorf("got %q, %v, want projects:read", scopes, err)
	}
}

func TestClientOfClientPage(t *testing.T) {
	if _, err := newClient(new(client.MemoryConnections), "secret", func(string) {}); err != nil {
		t.Error(err)
	}
}
