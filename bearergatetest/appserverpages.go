package bearergatetest

import (
	"context"
	"crypto/rand"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/internal/loopback"
	"github.com/bearergate/bearergate/tokenendpoint"
)

// authorize is the authorization endpoint. It redirects only to URLs that the app
// registered, and names the issuer (RFC 9207).
func (s *AppServer) authorize(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	s.register(query.Get("redirect_uri"))
	app := s.app()
	if query.Get("client_id") != app.ID || !app.HasRedirectURI(query.Get("redirect_uri")) {
		bearergate.Refuse(w, r, bearergate.ErrInvalidRequest)
		return
	}
	answer := s.consent(r.Context(), query)
	answer.State, answer.Issuer = query.Get("state"), s.URL
	back, err := app.RedirectURL(query.Get("redirect_uri"), answer)
	if err != nil {
		bearergate.Refuse(w, r, err)
		return
	}
	http.Redirect(w, r, back, http.StatusFound)
}

// consent returns a code or an error.
func (s *AppServer) consent(ctx context.Context, query url.Values) tokenendpoint.AuthorizationResponse {
	s.mu.Lock()
	denied := s.denied
	s.mu.Unlock()
	switch {
	case query.Get("response_type") != "code":
		return tokenendpoint.AuthorizationResponse{Error: "invalid_request"}
	case denied:
		return tokenendpoint.AuthorizationResponse{Error: "access_denied"}
	}
	code, err := s.endpoint.NewCode(ctx, tokenendpoint.CodeRequest{
		Authorization: tokenendpoint.Authorization{
			ClientID: DefaultClientID, GrantID: s.newGrant(), Subject: DefaultSubject, Scopes: strings.Fields(query.Get("scope")),
		},
		RedirectURI: query.Get("redirect_uri"), CodeChallenge: query.Get("code_challenge"), CodeChallengeMethod: query.Get("code_challenge_method"),
	})
	if err != nil {
		return tokenendpoint.AuthorizationResponse{Error: "invalid_request"}
	}
	return tokenendpoint.AuthorizationResponse{Code: code}
}

// newGrant returns the id of a grant of its own: each connection is an installation.
func (s *AppServer) newGrant() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	id := DefaultGrantID
	if s.grantIDs > 0 {
		id = "grant-" + rand.Text()
	}
	s.grantIDs++
	s.grants.Put(bearergate.Grant{ID: id, OrganizationID: DefaultOrganizationID})
	return id
}

// register registers a page of this machine, so that the app may have its callback at
// any path.
func (s *AppServer) register(redirectURI string) {
	u, err := url.Parse(redirectURI)
	if err != nil || u.Scheme != "http" || !loopback.IsHost(u.Hostname()) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !slices.Contains(s.redirects, redirectURI) {
		s.redirects = append(s.redirects, redirectURI)
	}
}

func (s *AppServer) app() tokenendpoint.Client {
	s.mu.Lock()
	defer s.mu.Unlock()
	return tokenendpoint.Client{
		ID: DefaultClientID, Secrets: []tokenendpoint.Sum{tokenendpoint.SecretSum(DefaultClientSecret)},
		RedirectURIs: slices.Clone(s.redirects),
	}
}

func (s *AppServer) client(_ context.Context, id string) (tokenendpoint.Client, error) {
	if id != DefaultClientID {
		return tokenendpoint.Client{}, bearergate.ErrInvalidClient
	}
	return s.app(), nil
}
