package main

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/bearergatetest"
	"github.com/bearergate/bearergate/tokenendpoint"
)

const (
	clientID     = "app-1"
	clientSecret = "quickstart"
	callback     = "http://127.0.0.1/callback"
)

// clients has one registered app.
type clients struct{}

func (clients) Client(_ context.Context, id string) (tokenendpoint.Client, error) {
	if id != clientID {
		return tokenendpoint.Client{}, bearergate.ErrInvalidClient
	}
	return tokenendpoint.Client{
		ID: clientID, Secrets: []tokenendpoint.Sum{tokenendpoint.SecretSum(clientSecret)},
		RedirectURIs: []string{callback}, AnyLoopbackPort: true,
	}, nil
}

// authorize is the authorization endpoint, to which an app sends its users. A real
// one asks them to sign in and to choose an organization. Here everybody is a user
// of acme and consents.
func (a *api) authorize(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	code, err := a.endpoint.NewCode(r.Context(), tokenendpoint.CodeRequest{
		Authorization: tokenendpoint.Authorization{
			ClientID: query.Get("client_id"), GrantID: "grant-acme", Subject: bearergatetest.DefaultSubject, Scopes: strings.Fields(query.Get("scope")),
		},
		RedirectURI:         query.Get("redirect_uri"),
		CodeChallenge:       query.Get("code_challenge"),
		CodeChallengeMethod: query.Get("code_challenge_method"),
	})
	if err != nil || query.Get("response_type") != "code" {
		bearergate.Refuse(w, r, bearergate.ErrInvalidRequest) // to the user: the sender may be anybody
		return
	}
	back, err := url.Parse(query.Get("redirect_uri"))
	if err != nil {
		bearergate.Refuse(w, r, err)
		return
	}
	answer := back.Query()
	answer.Set("code", code)
	answer.Set("state", query.Get("state"))
	back.RawQuery = answer.Encode()
	http.Redirect(w, r, back.String(), http.StatusFound)
}

func (a *api) issueAccessToken(_ context.Context, auth tokenendpoint.Authorization) (tokenendpoint.Issued, error) {
	token := a.issuer.AccessToken(bearergatetest.WithGrant(auth.GrantID), bearergatetest.WithScopes(auth.Scopes...), bearergatetest.ExpiresIn(a.lifetime))
	return tokenendpoint.Issued{Token: token, ExpiresIn: a.lifetime}, nil
}

func (a *api) revokeGrant(_ context.Context, grantID string) error {
	return a.grants.Revoke(grantID, time.Now())
}
