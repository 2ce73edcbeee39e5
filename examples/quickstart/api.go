package main

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/installation"
	"github.com/bearergate/bearergate/jwtverifier"
	"github.com/bearergate/bearergate/tokenendpoint"
)

const (
	realm = "translations"

	readProjects        = "projects:read"
	publishTranslations = "translations:publish"
)

// api is a translations API: organizations have projects, and apps that were
// installed on an organization list them and publish translations.
type api struct {
	base     string // where it is served
	logger   *slog.Logger
	issuer   issuer // a real service has an authorization server here
	stores   *stores
	endpoint *tokenendpoint.Endpoint
	grantsUp atomic.Bool
	lifetime time.Duration // of access and installation tokens

	configure     bearergate.Middleware
	installations *installation.Service
}

// newAPI returns the API to be served at base, where its token endpoint is as well.
func newAPI(ctx context.Context, logger *slog.Logger, base string, lifetime time.Duration, s *stores) (*api, error) {
	a := &api{base: base, logger: logger, issuer: issuer{s.key}, stores: s, lifetime: lifetime}
	keys, err := jwtverifier.StaticKeys(a.issuer.public())
	if err != nil {
		return nil, err
	}
	jwts, err := jwtverifier.New(jwtverifier.Config{Issuer: tokenIssuer, Audience: audience, Keys: keys, Logger: logger})
	if err != nil {
		return nil, err
	}
	a.endpoint, err = tokenendpoint.New(tokenendpoint.Config{
		Clients:      s.clients,
		Store:        s.codes,
		Grants:       s.grants,
		Issue:        a.issueAccessToken,
		UsesReported: true, // access tokens only mint and revoke
		Revoked: func(ctx context.Context, auth tokenendpoint.Authorization) error {
			return s.tokens.RevokeFamily(ctx, auth.FamilyID)
		},
	})
	if err != nil {
		return nil, err
	}
	a.configure, err = bearergate.Configure(a.answers())
	if err != nil {
		return nil, err
	}
	a.installations, err = installation.New(installation.Config{
		AccessTokens: jwts,
		Grants:       a,
		Tokens:       s.tokens,
		Lifetime:     lifetime,
		ReportUse:    a.endpoint.ReportUse,
		RevokeTokens: s.codes.RevokeGrant,
		RevokeGrant:  s.grants.RevokeGrant,
	})
	if err != nil {
		return nil, err
	}
	a.grantsUp.Store(true)
	return a, a.putGrants(ctx)
}

// answers holds the settings of every answer.
func (a *api) answers() bearergate.Config {
	return bearergate.Config{Realm: realm, ReferenceURL: a.base + "/", Observer: bearergate.LogDecisions(a.logger)}
}

// Handler wires the guards: once for all routes what holds for all, and each
// group of routes its own chain.
func (a *api) Handler() http.Handler {
	limited := a.limited()
	mux := http.NewServeMux()
	a.handleResources(mux)
	mux.HandleFunc("GET /.well-known/oauth-authorization-server", a.metadata)
	mux.HandleFunc("GET /.well-known/openid-configuration", a.metadata)
	mux.HandleFunc("GET /jwks.json", a.issuer.keys)
	mux.HandleFunc("GET "+authorizePath, a.authorize)
	mux.HandleFunc("POST "+authorizePath, a.authorize)
	mux.Handle(tokenPath, a.endpoint)
	mux.Handle("POST /api/oauth-client/installations/{grantId}/tokens", a.installations.Mint(limited))
	mux.Handle("DELETE /api/oauth-client/installations/{grantId}", a.installations.Revoke(limited))

	guesses := bearergate.LimitFailedAuthentication(a.stores.failures, a.stores.failureOptions()...)
	return bearergate.Chain(a.configure, readForms, guesses)(mux)
}

func (a *api) limited() bearergate.Middleware {
	return bearergate.RateLimit(a.stores.budget, a.stores.rateLimitOptions()...)
}

// The routes of the resources.
const (
	projectsRoute     = "GET /v1/orgs/{org}/projects"
	translationsRoute = "POST /v1/orgs/{org}/projects/{project}/translations"
	miswired          = "/v1/miswired"
)

func routeScopes() bearergate.RouteScopes {
	return bearergate.RouteScopes{projectsRoute: {readProjects}, translationsRoute: {publishTranslations}}
}

func (a *api) handleResources(mux *http.ServeMux) {
	guards := bearergate.Chain(
		bearergate.RequireToken(a.installations.Verifier(), bearergate.InstallationToken),
		a.limited(),
		bearergate.RequireGrant(a),
		bearergate.RequireOrg(bearergate.PathValue("org")),
		bearergate.RequireRouteScopes(routeScopes()),
	)
	mux.Handle(projectsRoute, guards(http.HandlerFunc(a.listProjects)))
	mux.Handle(translationsRoute, guards(http.HandlerFunc(a.publish)))
	// A mistake, to show what it answers: the scope guard has no RequireToken.
	mux.Handle("GET "+miswired, bearergate.RequireScope(readProjects)(http.HandlerFunc(a.listProjects)))
}

func (a *api) listProjects(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, map[string]any{"projects": []string{"app", "website"}})
}

func (a *api) publish(w http.ResponseWriter, r *http.Request) {
	token, _ := bearergate.TokenFrom(r.Context())
	if !token.HasProject(r.PathValue("project")) {
		bearergate.Refuse(w, r, bearergate.ErrForbidden)
		return
	}
	writeJSON(w, http.StatusAccepted, map[string]any{"published": r.PathValue("project")})
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(body)
}
