package main

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/bearergatetest"
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
	logger   *slog.Logger
	issuer   *bearergatetest.Issuer // a real service has an authorization server here
	keys     jwtverifier.KeySource
	store    tokenendpoint.MemoryStore
	endpoint *tokenendpoint.Endpoint
	grants   bearergate.MemoryGrants
	grantsUp atomic.Bool
	budget   *bearergate.MemoryLimiter
	failures *bearergate.MemoryLimiter
	lifetime time.Duration // of access and installation tokens

	configure     bearergate.Middleware
	installations *installation.Service
}

// newAPI returns the API to be served at base, where its issuer is as well.
func newAPI(logger *slog.Logger, base string, lifetime time.Duration) (*api, error) {
	issuer := bearergatetest.NewIssuer()
	issuer.URL = base
	keys, err := jwtverifier.DiscoverKeys(base)
	if err != nil {
		return nil, err
	}
	jwts, err := jwtverifier.New(jwtverifier.Config{Audience: issuer.Audience, Keys: keys, Logger: logger})
	if err != nil {
		return nil, err
	}
	budget, err := bearergate.PerMinute(bearergate.DefaultRequestsPerMinute)
	if err != nil {
		return nil, err
	}
	failures, err := bearergate.PerMinute(100)
	if err != nil {
		return nil, err
	}
	tokens := new(installation.MemoryTokens)
	a := &api{
		logger:   logger,
		issuer:   issuer,
		keys:     keys,
		budget:   budget,
		failures: failures,
		lifetime: lifetime,
	}
	a.endpoint, err = tokenendpoint.New(tokenendpoint.Config{
		Clients:      clients{},
		Store:        &a.store,
		Grants:       &a.grants,
		Issue:        a.issueAccessToken,
		UsesReported: true, // access tokens only mint and revoke
		Revoked: func(ctx context.Context, auth tokenendpoint.Authorization) error {
			return tokens.RevokeFamily(ctx, auth.FamilyID)
		},
	})
	if err != nil {
		return nil, err
	}
	a.configure, err = bearergate.Configure(bearergate.Config{Realm: realm, Observer: bearergate.LogDecisions(logger)})
	if err != nil {
		return nil, err
	}
	a.installations, err = installation.New(installation.Config{
		AccessTokens: jwts,
		Grants:       a,
		Tokens:       tokens,
		Lifetime:     lifetime,
		ReportUse:    a.endpoint.ReportUse,
		RevokeTokens: a.store.RevokeGrant,
		RevokeGrant:  a.revokeGrant,
	})
	if err != nil {
		return nil, err
	}
	a.grantsUp.Store(true)
	for _, id := range []string{"grant-acme", "grant-busy", "grant-leaving"} {
		a.grants.Put(bearergate.Grant{ID: id, OrganizationID: "acme"})
	}
	return a, nil
}

func (a *api) Close() {
	a.keys.Close()
	a.budget.Close()
	a.failures.Close()
}

// Grant implements bearergate.GrantStore, and can be switched off to show what
// clients see then.
func (a *api) Grant(ctx context.Context, id string) (bearergate.Grant, error) {
	if !a.grantsUp.Load() {
		return bearergate.Grant{}, errors.New("dial tcp 10.0.0.7:5432: connection refused")
	}
	return a.grants.Grant(ctx, id)
}

// Handler wires the guards: once for all routes what holds for all, and each
// group of routes its own chain.
func (a *api) Handler() http.Handler {
	resource := func(scope string, handler http.HandlerFunc) http.Handler {
		return bearergate.Chain(
			bearergate.RequireToken(a.installations.Verifier(), bearergate.InstallationToken),
			bearergate.RateLimit(a.budget),
			bearergate.RequireGrant(a),
			bearergate.RequireOrg(bearergate.PathValue("org")),
			bearergate.RequireScope(scope),
		)(handler)
	}
	limited := bearergate.RateLimit(a.budget)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/oauth-authorization-server", a.metadata)
	mux.HandleFunc("GET /.well-known/openid-configuration", a.metadata)
	mux.Handle("GET /jwks.json", a.issuer)
	mux.Handle("GET /v1/orgs/{org}/projects", resource(readProjects, a.listProjects))
	mux.Handle("POST /v1/orgs/{org}/projects/{project}/translations", resource(publishTranslations, a.publish))
	mux.HandleFunc("GET "+authorizePath, a.authorize)
	mux.HandleFunc("POST "+authorizePath, a.authorize)
	mux.Handle(tokenPath, a.endpoint)
	mux.Handle("POST /api/oauth-client/installations/{grantId}/tokens", a.installations.Mint(limited))
	mux.Handle("DELETE /api/oauth-client/installations/{grantId}", a.installations.Revoke(limited))
	// A mistake, to show what it answers: the scope guard has no RequireToken.
	mux.Handle("GET /v1/miswired", bearergate.RequireScope(readProjects)(http.HandlerFunc(a.listProjects)))

	return bearergate.Chain(a.configure, readForms, bearergate.LimitFailedAuthentication(a.failures))(mux)
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
