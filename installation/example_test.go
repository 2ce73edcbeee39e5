package installation_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/installation"
	"github.com/bearergate/bearergate/tokenendpoint"
)

func Example() {
	tokens, grants, store := new(installation.MemoryTokens), new(bearergate.MemoryGrants), new(tokenendpoint.MemoryStore)
	grants.Put(bearergate.Grant{ID: "grant-1", OrganizationID: "acme"})
	installations, err := installation.New(installation.Config{
		AccessTokens: accessTokens,
		Grants:       grants,
		Tokens:       tokens,
		RevokeTokens: store.RevokeGrant,
		RevokeGrant:  func(_ context.Context, id string) error { return grants.Revoke(id, time.Now()) },
	})
	if err != nil {
		log.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("POST /installations/{grantId}/tokens", installations.Mint())
	mux.Handle("DELETE /installations/{grantId}", installations.Revoke())
	mux.Handle("GET /projects", bearergate.Chain(
		bearergate.RequireToken(installations.Verifier(), bearergate.InstallationToken), bearergate.RequireGrant(grants), bearergate.RequireScope("projects:read"),
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
var accessTokens = bearergate.VerifierFunc(func(_ context.Context, raw string) (*bearergate.Token, error) {
	if raw != "access-token" {
		return nil, bearergate.ErrInvalidToken
	}
	return bearergate.NewToken(bearergate.Claims{
		Type: bearergate.AccessToken, Subject: "user-1", ClientID: "app", GrantID: "grant-1", Scopes: []string{"projects:read"}, ExpiresAt: time.Now().Add(time.Hour),
	}), nil
})
