package bearergatetest

import (
	"context"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/bearergate/bearergate"
)

// NewRequest returns a request for a handler, as [httptest.NewRequest] does, with
// the token as bearer. If the token is empty, the request has no Authorization
// header.
func NewRequest(method, target, token string) *http.Request {
	r := httptest.NewRequest(method, target, nil)
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	return r
}

// Claims returns the claims of a good installation token with these scopes, for
// [ContextWithToken]. The caller may change them.
func Claims(scopes ...string) bearergate.Claims {
	now := time.Now()
	return bearergate.Claims{
		Type:           bearergate.InstallationToken,
		Issuer:         DefaultIssuer,
		Subject:        DefaultSubject,
		ClientID:       DefaultClientID,
		GrantID:        DefaultGrantID,
		OrganizationID: DefaultOrganizationID,
		InstallationID: DefaultInstallationID,
		Scopes:         scopes,
		IssuedAt:       now,
		ExpiresAt:      now.Add(time.Hour),
	}
}

// ContextWithToken returns a context as behind RequireToken, although no token was
// sent. It is for tests of a handler, or of the guards inside of RequireToken.
func ContextWithToken(ctx context.Context, c bearergate.Claims) context.Context {
	return bearergate.ContextWithToken(ctx, bearergate.NewToken(c))
}
