package interop

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/client"
	"github.com/bearergate/bearergate/installation"
	"golang.org/x/oauth2"
)

// tokenSource makes an oauth2.TokenSource of a client.Transport: all that a
// program needs which has an oauth2.Transport, or another library's, already.
type tokenSource struct{ transport *client.Transport }

func (s tokenSource) Token() (*oauth2.Token, error) {
	token, err := s.transport.Token(context.Background())
	if err != nil {
		return nil, err
	}
	return &oauth2.Token{AccessToken: token.Text, TokenType: "Bearer", Expiry: token.ExpiresAt}, nil
}

// TestXOAuth2HandsItsTokenOn connects with x/oauth2, and goes on with client, which
// is in turn a source of tokens for x/oauth2.
func TestXOAuth2HandsItsTokenOn(t *testing.T) {
	server := newServer(t)
	config := oauth2.Config{
		ClientID: "confidential", ClientSecret: secret, RedirectURL: callback, Scopes: []string{"projects:read"},
		Endpoint: oauth2.Endpoint{AuthURL: server.URL + "/authorize", TokenURL: server.URL + "/token"},
	}
	verifier := oauth2.GenerateVerifier()
	token, err := config.Exchange(t.Context(), authorize(t, config.AuthCodeURL("", oauth2.S256ChallengeOption(verifier))), oauth2.VerifierOption(verifier))
	if err != nil {
		t.Fatal(err)
	}

	api := newAPI(t)
	connections := new(client.MemoryConnections)
	client.SaveConnection(t.Context(), connections, "user", client.Connection{
		GrantID: "grant", RefreshToken: token.RefreshToken,
		Access: client.StoredToken{Text: token.AccessToken, IssuedAt: time.Now(), ExpiresAt: token.Expiry},
	})
	transport, err := client.New(client.Config{
		APIURL: api.URL, TokenURL: server.URL + "/token", MintURL: api.URL + "/installations/{grantId}/tokens",
		ClientID: "confidential", ClientSecret: secret, Connections: connections, ConnectionID: "user",
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]*http.Client{
		"client":   {Transport: transport},
		"x/oauth2": oauth2.NewClient(t.Context(), tokenSource{transport}),
	} {
		resp, err := c.Get(api.URL + "/projects")
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if resp.StatusCode != 200 || string(body) != "the projects" || err != nil {
			t.Errorf("%s: got %d %s, %v", name, resp.StatusCode, body, err)
		}
	}
	client.SaveConnection(t.Context(), connections, "user", client.Connection{GrantID: "grant", RefreshToken: "revoked"})
	transport, _ = client.New(client.Config{
		APIURL: api.URL, TokenURL: server.URL + "/token", MintURL: api.URL + "/installations/{grantId}/tokens",
		ClientID: "confidential", ClientSecret: secret, Connections: connections, ConnectionID: "user",
	})
	if _, err := (tokenSource{transport}).Token(); !errors.Is(err, bearergate.ErrInvalidGrant) {
		t.Errorf("got %v, want %v", err, bearergate.ErrInvalidGrant)
	}
}

// newAPI accepts the access tokens of newServer.
func newAPI(t *testing.T) *httptest.Server {
	grants := new(bearergate.MemoryGrants)
	grants.Put(bearergate.Grant{ID: "grant", OrganizationID: "acme"})
	installations, err := installation.New(installation.Config{AccessTokens: accessTokens{}, Grants: grants, Tokens: new(installation.MemoryTokens)})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("POST /installations/{grantId}/tokens", installations.Mint())
	mux.Handle("GET /projects", bearergate.RequireToken(installations.Verifier(), bearergate.InstallationToken)(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, "the projects")
	})))
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server
}

type accessTokens struct{}

func (accessTokens) VerifyToken(_ context.Context, raw string) (*bearergate.Token, error) {
	if !strings.HasPrefix(raw, "access-") {
		return nil, bearergate.ErrInvalidToken
	}
	return bearergate.NewToken(bearergate.Claims{Type: bearergate.AccessToken, Subject: "user", GrantID: "grant", ExpiresAt: time.Now().Add(time.Hour)}), nil
}
