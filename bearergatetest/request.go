package bearergatetest

import (
	"context"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/bearergate/bearergate"
)

// NewRequest returns a request for a handler, as [httptest.NewRequest] does,
// that carries the token as bearer; with an empty token, none.
func NewRequest(method, target, token string) *http.Request {
	r := httptest.NewRequest(method, target, nil)
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	return r
}

// Claims returns the claims of a good installation token with these scopes, to
// change and give to [ContextWithToken].
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

// ContextWithToken returns a context as behind RequireToken, without a token
// having been sent, to test a handler or the guards inside of RequireToken.
func ContextWithToken(ctx context.Context, c bearergate.Claims) context.Context {
	return bearergate.ContextWithToken(ctx, bearergate.NewToken(c))
}
