package code_test

import (
	"context"
	"crypto"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/bearergatetest"
	"github.com/bearergate/bearergate/installation"
	"github.com/bearergate/bearergate/jwtverifier"
	"github.com/bearergate/bearergate/tokenendpoint"
)

type signer interface {
	Sign(r tokenendpoint.IssueRequest) (string, error)
}

func newEndpoint(clients tokenendpoint.ClientStore, store tokenendpoint.Store, grants bearergate.GrantStore, tokens *installation.MemoryTokens, signer signer) (*tokenendpoint.Endpoint, error) {
	return tokenendpoint.New(tokenendpoint.Config{
		Clients: clients, // one method; secrets as SHA-256
		Store:   store,   // new(tokenendpoint.MemoryStore), or your database
		Grants:  grants,  // codes and refresh tokens of a revoked grant are invalid_grant
		Issue: func(ctx context.Context, r tokenendpoint.IssueRequest) (tokenendpoint.Issued, error) {
			token, err := signer.Sign(r) // a JWT of your authorization server, with r.TokenID as "jti"
			return tokenendpoint.Issued{Token: token, ExpiresIn: time.Hour}, err
		},
		UsesReported: true, // access tokens only mint, and the mint route reports each
		Revoked: func(ctx context.Context, a tokenendpoint.Authorization) error {
			return tokens.RevokeFamily(ctx, a.FamilyID)
		},
	})
}

func authorize(w http.ResponseWriter, r *http.Request, endpoint *tokenendpoint.Endpoint, client tokenendpoint.Client, userID, grantID string) {
	q := r.URL.Query()
	answer := tokenendpoint.AuthorizationResponse{State: q.Get("state"), Issuer: "https://id.example.com"}
	code, err := endpoint.NewCode(r.Context(), tokenendpoint.CodeRequest{
		Authorization: tokenendpoint.Authorization{
			ClientID: client.ID,
			Subject:  userID,
			GrantID:  grantID,
			Scopes:   bearergate.ParseScope(q.Get("scope")), // those that the user consented to
		},
		RedirectURI:         q.Get("redirect_uri"),
		CodeChallenge:       q.Get("code_challenge"),
		CodeChallengeMethod: q.Get("code_challenge_method"),
	})
	switch {
	case err == nil:
		answer.Code = code
	case errors.Is(err, bearergate.ErrInvalidRequest):
		answer.Error = "invalid_request" // or access_denied, if the user declined
	default:
		bearergate.Refuse(w, r, err) // a store failed, or the client is not registered any more
		return
	}
	back, err := client.RedirectURL(q.Get("redirect_uri"), answer)
	if err != nil {
		bearergate.Refuse(w, r, err) // not registered: the sender may be an attacker
		return
	}
	http.Redirect(w, r, back, http.StatusSeeOther)
}

func routes(mux *http.ServeMux, endpoint *tokenendpoint.Endpoint, store tokenendpoint.Store, grants *bearergate.MemoryGrants, tokens *installation.MemoryTokens, jwts bearergate.Verifier, listProjects http.Handler) error {
	installations, err := installation.New(installation.Config{
		AccessTokens: jwts,
		Grants:       grants,
		Tokens:       tokens, // new(installation.MemoryTokens), or your database
		ReportUse:    endpoint.ReportUse,
		RevokeTokens: store.RevokeGrant,
		RevokeGrant:  func(_ context.Context, id string) error { return grants.Revoke(id, time.Now()) },
	})
	if err != nil {
		return err
	}
	mux.Handle("/oauth/token", endpoint)
	mux.Handle("POST /installations/{grantId}/tokens", installations.Mint())
	mux.Handle("DELETE /installations/{grantId}", installations.Revoke())
	mux.Handle("GET /projects", bearergate.Chain(
		bearergate.RequireToken(installations.Verifier(), bearergate.InstallationToken),
		bearergate.RequireGrant(grants),
		bearergate.RequireScope("projects:read"),
	)(listProjects))
	return nil
}

func newSigningClient(id, issuer string, key crypto.PublicKey) (tokenendpoint.Client, error) {
	keys, err := jwtverifier.StaticKeys(key) // or jwtverifier.RemoteKeys, for its jwks_uri
	if err != nil {
		return tokenendpoint.Client{}, err
	}
	assertions, err := jwtverifier.New(jwtverifier.Config{
		Issuer: id, Audience: issuer, Keys: keys, HeaderTypes: []string{"client-authentication+jwt"},
	})
	return tokenendpoint.Client{ID: id, Assertions: assertions, RedirectURIs: []string{"https://app.example/callback"}}, err
}

func TestSigningClientOfTokenEndpointPage(t *testing.T) {
	app := bearergatetest.NewIssuer()
	app.URL, app.Audience = "app-1", "https://id.example"
	registered, err := newSigningClient("app-1", "https://id.example", app.PublicKey("ES256"))
	if err != nil {
		t.Fatal(err)
	}
	assertion := app.Token(bearergatetest.SignedWith("ES256"), bearergatetest.WithClaim("sub", "app-1"))
	if _, err := registered.Assertions.VerifyToken(t.Context(), assertion); err != nil {
		t.Errorf("got error %v for the client's assertion, want none", err)
	}
}

type oneClient struct{}

func (oneClient) Client(_ context.Context, id string) (tokenendpoint.Client, error) {
	if id != "app-1" {
		return tokenendpoint.Client{}, bearergate.ErrInvalidClient
	}
	return tokenendpoint.Client{ID: id, Secrets: []tokenendpoint.Sum{tokenendpoint.SecretSum("secret")}, RedirectURIs: []string{"https://app.example/callback"}}, nil
}

type signs string

func (s signs) Sign(tokenendpoint.IssueRequest) (string, error) { return string(s), nil }

func TestRoutesOfTokenEndpointPage(t *testing.T) {
	store, grants, tokens := new(tokenendpoint.MemoryStore), new(bearergate.MemoryGrants), new(installation.MemoryTokens)
	grants.Put(bearergate.Grant{ID: "grant-1", OrganizationID: "acme"})
	issuer := bearergatetest.NewIssuer()
	access := issuer.AccessToken()
	endpoint, err := newEndpoint(oneClient{}, store, grants, tokens, signs(access))
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	app, err := oneClient{}.Client(t.Context(), "app-1")
	if err != nil {
		t.Fatal(err)
	}
	mux.HandleFunc("POST /authorize", func(w http.ResponseWriter, r *http.Request) { authorize(w, r, endpoint, app, "user-1", "grant-1") })
	if err := routes(mux, endpoint, store, grants, tokens, issuer.Verifier(), ok); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		method, target, token string
		want                  int
	}{
		{"POST", "/authorize?redirect_uri=https://app.example/callback&scope=read", "", 303},
		{"POST", "/authorize?scope=read", "", 303},
		{"POST", "/authorize?redirect_uri=https://other.example/", "", 400},
		{"POST", "/installations/grant-1/tokens", access, 201},
		{"GET", "/projects", access, 401},
		{"DELETE", "/installations/grant-1", access, 204},
		{"POST", "/installations/grant-1/tokens", access, 410},
	} {
		if got := status(mux, test.method, test.target, test.token); got != test.want {
			t.Errorf("%s %s: got %d, want %d", test.method, test.target, got, test.want)
		}
	}
}
