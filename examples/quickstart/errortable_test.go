package main

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"strings"
	"testing"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/bearergatetest"
	"github.com/bearergate/bearergate/installation"
)

func TestErrorTable(t *testing.T) {
	a, api := newTestAPI(t)
	put := func(g bearergate.Grant) error { return a.stores.grants.Put(context.Background(), g) }
	outages := map[string]func(down bool){"grant store": func(down bool) { a.grantsUp.Store(!down) }}
	resources := bearergatetest.Routes{
		Scopes: bearergate.RouteScopes{
			"GET /v1/orgs/{org}/projects":                         {readProjects},
			"POST /v1/orgs/{org}/projects/{project}/translations": {publishTranslations},
		},
		Type:     bearergate.InstallationToken,
		Budget:   requestsPerMinute,
		Failures: failuresPerMinute,
		Org:      "org",
		PutGrant: put,
		Outages:  outages,
	}
	installations := bearergatetest.Routes{
		Scopes: bearergate.RouteScopes{
			"POST /api/oauth-client/installations/{grantId}/tokens": {},
			"DELETE /api/oauth-client/installations/{grantId}":      {},
		},
		Type:        bearergate.AccessToken,
		Budget:      requestsPerMinute,
		PutGrant:    put,
		GrantInPath: "grantId",
		Outages:     outages,
	}
	t.Run("JWT", func(t *testing.T) {
		bearergatetest.TestErrorTable(t, api, a.issuer.mint, resources, installations)
	})
	resources.Budget = 0 // used up above
	t.Run("opaque", func(t *testing.T) {
		bearergatetest.TestErrorTable(t, api, a.saveOpaque, resources)
	})
}

// mint returns a JWT of the quickstart's issuer.
func (i issuer) mint(c bearergate.Claims) string {
	changes := claims{"sub": c.Subject, "client_id": c.ClientID, "organizationId": c.OrganizationID, "exp": c.ExpiresAt.Unix(), "jti": c.ID}
	if c.Issuer != "" {
		changes["iss"] = c.Issuer
	}
	if c.Audience != nil {
		changes["aud"] = c.Audience
	}
	if c.Type == bearergate.InstallationToken {
		changes["type"], changes["installationId"] = "installation", c.InstallationID
	}
	return i.accessToken(c.GrantID, strings.Join(c.Scopes, " "), changes)
}

// saveOpaque saves the claims of an opaque token.
func (a *api) saveOpaque(c bearergate.Claims) string {
	token := installation.DefaultPrefix + rand.Text() + rand.Text()
	if err := a.stores.tokens.Save(context.Background(), sha256.Sum256([]byte(token)), c); err != nil {
		panic(err)
	}
	return token
}
