package installation_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/bearergate/bearergate"
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
