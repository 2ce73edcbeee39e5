package installation_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/bearergatetest"
	"github.com/bearergate/bearergate/installation"
)

// TestThiefWhoWasFoundOutRevokesNoGrant has the family of an access token be revoked. The
// token is 401 at the mint route; it must not end the grant, at which the user may have
// connected again.
//
// Rules: S7.34, S7.45.
func TestThiefWhoWasFoundOutRevokesNoGrant(t *testing.T) {
	s := newService(t, bearergate.Grant{})
	config := s.config()
	config.ReportUse = func(context.Context, *bearergate.Token) error {
		return fmt.Errorf("%w: the family was revoked", bearergate.ErrInvalidToken)
	}
	mux := http.NewServeMux()
	mux.Handle("DELETE /installations/{grantId}", newInstallations(t, config).Revoke())
	r := httptest.NewRequest("DELETE", installationPath, nil)
	r.Header.Set("Authorization", "Bearer "+s.issuer.AccessToken(ofFamily()))
	rec := httptest.NewRecorder()
	mux.ServeHTTP(rec, r)
	if rec.Code != http.StatusUnauthorized || len(s.revoked) > 0 {
		t.Errorf("DELETE with a token of a revoked family: got %d, and %v revoked, want 401 and nothing", rec.Code, s.revoked)
	}
}

// TestTokenOfABoundAccessTokenIsBoundToo has a RequestVerifier in front, which checked the
// proof of an access token that is bound to a key. The installation token is to be bound
// to the same key, or refused: else a thief of it needs no key.
func TestTokenOfABoundAccessTokenIsBoundToo(t *testing.T) {
	claims := bearergatetest.InstallationClaims("a")
	claims.Type, claims.Confirmation = bearergate.AccessToken, &bearergate.Confirmation{JWKThumbprint: "thumbprint"}
	var issued bearergate.Claims
	h, err := installation.MintHandler(installation.MintConfig{Grants: grantOf(claims), Issue: func(_ context.Context, c bearergate.Claims) (string, error) {
		issued = c
		return "token", nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest("POST", "/", nil).WithContext(bearergatetest.ContextWithToken(t.Context(), claims))
	got := serve(bearergate.RequireGrant(grantOf(claims))(h), r)
	if got.Status == http.StatusCreated && (issued.Confirmation == nil || *issued.Confirmation != *claims.Confirmation) {
		t.Errorf("got %d with the confirmation %v, want a refusal or %v", got.Status, issued.Confirmation, *claims.Confirmation)
	}
}
