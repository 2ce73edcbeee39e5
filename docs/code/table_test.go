package code_test

import (
	"context"
	"net/http"
	"sync"
	"testing"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/bearergatetest"
)

func TestMembers(t *testing.T) {
	issuer, users := bearergatetest.NewIssuer(), newUsers()
	mint := func(c bearergate.Claims) string {
		users.Add(c.Subject, c.OrganizationID) // a member, of this organization alone
		c.Raw = `{"token_use": "access"}`      // a claim that your settings require
		return issuer.Mint(c)
	}
	api := newTeamAPI(issuer.Verifier(), users)
	bearergatetest.TestErrorTable(t, api, mint, bearergatetest.Routes{
		Scopes: bearergate.RouteScopes{"GET /orgs/{org}/projects": {"projects:read"}},
		Org:    "org",
	})
}

func newTeamAPI(verifier bearergate.Verifier, users members) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /orgs/{org}/projects", bearergate.Chain(
		bearergate.RequireToken(verifier),
		membership(users),
		bearergate.RequireScope("projects:read"),
	)(ok))
	return mux
}

// memoryUsers is members in memory.
type memoryUsers struct{ orgs sync.Map }

func newUsers() *memoryUsers { return new(memoryUsers) }

func (u *memoryUsers) Add(user, org string) { u.orgs.Store(user, org) }

func (u *memoryUsers) IsMember(_ context.Context, user, org string) (bool, error) {
	found, _ := u.orgs.Load(user)
	return found == org, nil
}
