package tokenendpoint_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"time"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/tokenendpoint"
)

// oneClient is a registration of clients that knows one.
type oneClient struct{}

func (oneClient) Client(_ context.Context, id string) (tokenendpoint.Client, error) {
	if id != "app" {
		return tokenendpoint.Client{}, bearergate.ErrInvalidClient
	}
	return tokenendpoint.Client{
		ID: "app", Secrets: []tokenendpoint.Sum{tokenendpoint.SecretSum("secret")}, RedirectURIs: []string{"https://app.example/callback"},
	}, nil
}

func ExampleEndpoint() {
	endpoint, err := tokenendpoint.New(tokenendpoint.Config{
		Clients: oneClient{},
		Store:   new(tokenendpoint.MemoryStore),
		Issue: func(_ context.Context, a tokenendpoint.Authorization) (tokenendpoint.AccessToken, error) {
			return tokenendpoint.AccessToken{Token: "a JWT for " + a.GrantID, ExpiresIn: time.Hour}, nil
		},
	})
	if err != nil {
		log.Fatal(err)
	}

	// On the authorization page, once the user has consented.
	code, err := endpoint.NewCode(context.Background(), tokenendpoint.CodeRequest{
		Authorization:       tokenendpoint.Authorization{ClientID: "app", GrantID: "grant-1", Subject: "user-1", Scopes: []string{"projects:read"}},
		RedirectURI:         "https://app.example/callback",
		CodeChallenge:       "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
		CodeChallengeMethod: "S256",
	})
	if err != nil {
		log.Fatal(err)
	}

	ask := func(form url.Values) *httptest.ResponseRecorder {
		r := httptest.NewRequest("POST", "/oauth/token", strings.NewReader(form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.SetBasicAuth("app", "secret")
		answer := httptest.NewRecorder()
		endpoint.ServeHTTP(answer, r)
		return answer
	}
	exchange := url.Values{
		"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {"https://app.example/callback"},
		"code_verifier": {"dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"},
	}
	answer := ask(exchange)
	var tokens struct {
		AccessToken  string `json:"access_token"`
		RefreshToken string `json:"refresh_token"`
	}
	json.Unmarshal(answer.Body.Bytes(), &tokens)
	fmt.Println(answer.Code, tokens.AccessToken)

	answer = ask(url.Values{"grant_type": {"refresh_token"}, "refresh_token": {tokens.RefreshToken}})
	fmt.Println(answer.Code, "refreshed")

	answer = ask(exchange) // a replay, which revokes what was issued
	fmt.Print(answer.Code, " ", answer.Body)
	answer = ask(url.Values{"grant_type": {"refresh_token"}, "refresh_token": {tokens.RefreshToken}})
	fmt.Print(answer.Code, " ", answer.Body)
	// Output:
	// 200 a JWT for grant-1
	// 200 refreshed
	// 401 {"error":"invalid_grant"}
	// 401 {"error":"invalid_grant"}
}

func ExampleMintInstallationTokens() {
	tokens, grants, store := new(tokenendpoint.MemoryTokens), new(bearergate.MemoryGrants), new(tokenendpoint.MemoryStore)
	grants.Put(bearergate.Grant{ID: "grant-1", OrganizationID: "acme"})
	verifier := bearergate.ByPrefix("bi_oat_", bearergate.NewOpaqueVerifier("bi_oat_", tokens.Lookup), accessTokens)

	installation := bearergate.Chain(
		bearergate.RequireToken(verifier, bearergate.AccessToken),
		bearergate.RequireGrant(grants, bearergate.WithGrantInPath("grantId")),
	)
	mux := http.NewServeMux()
	mux.Handle("POST /installations/{grantId}/tokens", installation(
		tokenendpoint.MintInstallationTokens(tokenendpoint.IssueOpaque("bi_oat_", tokens.Save), time.Hour)))
	mux.Handle("DELETE /installations/{grantId}", installation(
		tokenendpoint.RevokeGrant(store, func(_ context.Context, id string) error { return grants.Revoke(id, time.Now()) })))
	mux.Handle("GET /projects", bearergate.Chain(
		bearergate.RequireToken(verifier, bearergate.InstallationToken), bearergate.RequireGrant(grants), bearergate.RequireScope("projects:read"),
	)(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "the projects") })))

	ask := func(method, path, token string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(method, path, nil)
		r.Header.Set("Authorization", "Bearer "+token)
		answer := httptest.NewRecorder()
		mux.ServeHTTP(answer, r)
		return answer
	}
	var minted struct{ Token string }
	json.Unmarshal(ask("POST", "/installations/grant-1/tokens", "access-token").Body.Bytes(), &minted)
	answer := ask("GET", "/projects", minted.Token)
	fmt.Print(answer.Code, " ", answer.Body)
	fmt.Println(ask("DELETE", "/installations/grant-1", "access-token").Code)
	answer = ask("GET", "/projects", minted.Token)
	fmt.Print(answer.Code, " ", answer.Body)
	// Output:
	// 200 the projects
	// 204
	// 410 {"error":"grant_revoked"}
}

// accessTokens stands for a jwtverifier.
var accessTokens = verifierFunc(func(raw string) (*bearergate.Token, error) {
	if raw != "access-token" {
		return nil, bearergate.ErrInvalidToken
	}
	return bearergate.NewToken(bearergate.Claims{
		Type: bearergate.AccessToken, Subject: "user-1", ClientID: "app", GrantID: "grant-1", Scopes: []string{"projects:read"}, ExpiresAt: time.Now().Add(time.Hour),
	}), nil
})

type verifierFunc func(raw string) (*bearergate.Token, error)

func (f verifierFunc) VerifyToken(_ context.Context, raw string) (*bearergate.Token, error) {
	return f(raw)
}
