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
	"github.com/bearergate/bearergate/internal/tokenid"
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
		noTokens = "installation: RevokeConfig.Tokens is nil; use the RevokeGrant method of the token endpoint's store"
		noGrant  = "installation: RevokeConfig.Grant is nil; use a function that sets the RevokedAt of the grant in the GrantStore"
	)
	for _, c := range []struct {
		tokens, grant installation.RevokeFunc
		want          string
	}{
		{nil, revoke, noTokens},
		{revoke, nil, noGrant},
		{nil, nil, noTokens + "\n" + noGrant},
	} {
		h, err := installation.RevokeHandler(installation.RevokeConfig{Tokens: c.tokens, Grant: c.grant})
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
	revoke, err := installation.RevokeHandler(installation.RevokeConfig{Tokens: nothing, Grant: nothing})
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

// TestThiefWhoWasFoundOutRevokesNoGrant has the family of an access token be revoked. A
// family that is unknown may be one that an earlier request has revoked half.
//
// Rules: S7.34, S7.45, S7.61.
func TestThiefWhoWasFoundOutRevokesNoGrant(t *testing.T) {
	for name, c := range map[string]struct {
		report error
		want   int
	}{
		"lives":               {nil, 204},
		"revoked":             {fmt.Errorf("%w: the family was revoked", bearergate.ErrInvalidToken), 401},
		"unknown":             {fmt.Errorf("%w: %w", bearergate.ErrInvalidToken, tokenid.ErrUnknownFamily), 204},
		"the endpoint failed": {errDown, 503},
	} {
		t.Run(name, func(t *testing.T) {
			s := newService(t, bearergate.Grant{})
			config := s.config()
			config.ReportUse = func(context.Context, *bearergate.Token) error { return c.report }
			mux := http.NewServeMux()
			mux.Handle("DELETE /installations/{grantId}", newInstallations(t, config).Revoke())
			r := httptest.NewRequest("DELETE", installationPath, nil)
			r.Header.Set("Authorization", "Bearer "+s.issuer.AccessToken(ofFamily()))
			rec := httptest.NewRecorder()
			mux.ServeHTTP(rec, r)
			if rec.Code != c.want || len(s.revoked) > 0 != (c.want == 204) {
				t.Errorf("DELETE: got %d, and %v revoked, want %d", rec.Code, s.revoked, c.want)
			}
		})
	}
}
