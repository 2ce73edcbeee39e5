package tokenendpoint_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"net/http/httptest"
	"net/url"
	"strings"
	"time"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/tokenendpoint"
)

// oneClient finds one client.
func oneClient(_ context.Context, id string) (tokenendpoint.Client, error) {
	if id != "app" {
		return tokenendpoint.Client{}, bearergate.ErrInvalidClient
	}
	return tokenendpoint.Client{
		ID: "app", Secrets: []tokenendpoint.Sum{tokenendpoint.SecretSum("secret")}, RedirectURIs: []string{"https://app.example/callback"},
	}, nil
}

func ExampleEndpoint() {
	endpoint, err := tokenendpoint.New(tokenendpoint.Config{
		Clients: tokenendpoint.ClientStoreFunc(oneClient),
		Store:   new(tokenendpoint.MemoryStore),
		Issue: func(_ context.Context, a tokenendpoint.IssueRequest) (tokenendpoint.Issued, error) {
			return tokenendpoint.Issued{Token: "a JWT for " + a.GrantID, ExpiresIn: time.Hour}, nil
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
