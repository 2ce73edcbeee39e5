package installation_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/bearergatetest"
	"github.com/bearergate/bearergate/installation"
)

// Rules: S7.61.
func TestRevokedInstallationIsGone(t *testing.T) {
	s := newService(t, bearergate.Grant{})
	access := s.issuer.AccessToken()
	token, _ := s.mint(access, "")
	if got := s.get(token); got.Status != 200 {
		t.Fatalf("got %d %s, want 200", got.Status, got.Body)
	}
	if got := s.delete(access); got.Status != 204 || got.Body != "" {
		t.Errorf("got %d %q, want 204 without a body", got.Status, got.Body)
	}
	if want := []string{"tokens of grant-1", "grant of grant-1"}; !slices.Equal(s.revoked, want) {
		t.Errorf("got %q revoked, want %q", s.revoked, want)
	}
	_, minted := s.mint(access, "")
	for name, got := range map[string]answer{"a resource": s.get(token), "a revocation": s.delete(access), "minting": minted} {
		if got.Status != 410 {
			t.Errorf("%s: got %d %s, want 410", name, got.Status, got.Body)
		}
	}
}

func TestRevocationThatFailsIs503AndIsRepeated(t *testing.T) {
	for _, fails := range []string{"tokens", "grant"} {
		t.Run(fails, func(t *testing.T) {
			s := newService(t, bearergate.Grant{})
			access := s.issuer.AccessToken()
			token, _ := s.mint(access, "")
			s.fails = fails
			if got := s.delete(access); got.Status != 503 {
				t.Errorf("got %d %s, want 503", got.Status, got.Body)
			}
			if got := s.get(token); got.Status != 200 {
				t.Errorf("after a revocation that failed: got %d %s, want 200", got.Status, got.Body)
			}
			s.fails = ""
			if got := s.delete(access); got.Status != 204 {
				t.Errorf("got %d %s, want 204", got.Status, got.Body)
			}
		})
	}
}

func TestRevokeHandlerRefusesNilFunctions(t *testing.T) {
	revoke := func(context.Context, string) error { return nil }
	const (
		noTokens = "installation: RevokeHandler was given a nil function for codes and refresh tokens; pass the RevokeGrant method of the token endpoint's store"
		noGrant  = "installation: RevokeHandler was given a nil function for the grant; pass one that sets its RevokedAt in the GrantStore"
	)
	for _, c := range []struct {
		tokens, grant installation.RevokeFunc
		want          string
	}{
		{nil, revoke, noTokens},
		{revoke, nil, noGrant},
		{nil, nil, noTokens + "\n" + noGrant},
	} {
		h, err := installation.RevokeHandler(c.tokens, c.grant)
		if got := fmt.Sprint(err); got != c.want || h != nil {
			t.Errorf("got %v, %s, want %s", h, got, c.want)
		}
	}
}

// Rules: S7.60.
func TestUnguardedHandlersAreServerError(t *testing.T) {
	mint, err := mintHandler(installation.IssueOpaque("x", new(installation.MemoryTokens).Save), 0)
	if err != nil {
		t.Fatal(err)
	}
	nothing := func(context.Context, string) error { return nil }
	revoke, err := installation.RevokeHandler(nothing, nothing)
	if err != nil {
		t.Fatal(err)
	}
	installationToken := bearergatetest.InstallationClaims()
	access := installationToken
	access.Type = bearergate.AccessToken
	withGrant := bearergate.RequireGrant(grantOf(access))
	for name, h := range map[string]http.Handler{"mint": mint, "revoke": revoke} {
		for _, c := range []struct {
			name    string
			handler http.Handler
			claims  *bearergate.Claims
		}{
			{"neither token nor grant", h, nil},
			{"no grant", h, &access},
			{"no access token", withGrant(h), &installationToken},
		} {
			r := httptest.NewRequest("POST", "/", nil)
			if c.claims != nil {
				r = r.WithContext(bearergatetest.ContextWithToken(t.Context(), *c.claims))
			}
			if got := serve(c.handler, r); got.Status != 500 {
				t.Errorf("%s, %s: got %d %s, want 500", name, c.name, got.Status, got.Body)
			}
		}
	}
}
