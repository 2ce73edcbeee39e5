package installation_test

import (
	"context"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/bearergatetest"
	"github.com/bearergate/bearergate/installation"
	"github.com/bearergate/bearergate/tokenendpoint"
)

// publicClient finds a public client of any id.
func publicClient(_ context.Context, id string) (tokenendpoint.Client, error) {
	return tokenendpoint.Client{ID: id, RedirectURIs: []string{"https://app.example/"}}, nil
}

// Of RFC 7636 appendix B.
const (
	codeVerifier  = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
	codeChallenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
)

func TestCodesOfARevokedGrantAreInvalidGrant(t *testing.T) {
	store := new(tokenendpoint.MemoryStore)
	endpoint, err := tokenendpoint.New(tokenendpoint.Config{
		Clients: tokenendpoint.ClientStoreFunc(publicClient), Store: store,
		Issue: func(context.Context, tokenendpoint.IssueRequest) (tokenendpoint.Issued, error) {
			return tokenendpoint.Issued{Token: "access", ExpiresIn: time.Hour}, nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	code, err := endpoint.NewCode(t.Context(), tokenendpoint.CodeRequest{
		Authorization: tokenendpoint.Authorization{ClientID: "app", GrantID: bearergatetest.DefaultGrantID},
		CodeChallenge: codeChallenge, CodeChallengeMethod: "S256",
	})
	if err != nil {
		t.Fatal(err)
	}
	revoke, err := installation.RevokeHandler(installation.RevokeConfig{
		Tokens: store.RevokeGrant, Grant: func(context.Context, string) error { return nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := behindGuards(t, revoke); got.Status != 204 {
		t.Errorf("got %d %s, want 204", got.Status, got.Body)
	}
	form := url.Values{"grant_type": {"authorization_code"}, "client_id": {"app"}, "code": {code}, "code_verifier": {codeVerifier}}
	r := httptest.NewRequest("POST", "/oauth/token", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if got := serve(endpoint, r); got.Body != `{"error":"invalid_grant"}`+"\n" {
		t.Errorf("got %d %s, want %s", got.Status, got.Body, bearergate.ErrInvalidGrant)
	}
}
