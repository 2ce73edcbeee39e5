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

// Claims returns the claims of a good token of [Issuer.Token] with these scopes, for
// [ContextWithToken]. The caller may change them.
func Claims(scopes ...string) bearergate.Claims {
	now := time.Now()
	return bearergate.Claims{
		Type:      bearergate.AccessToken,
		Issuer:    DefaultIssuer,
		Audience:  []string{DefaultAudience},
		Subject:   DefaultSubject,
		ClientID:  DefaultClientID,
		Scopes:    scopes,
		IssuedAt:  now,
		ExpiresAt: now.Add(time.Hour),
	}
}

// InstallationClaims returns the claims of a good token of [Issuer.InstallationToken]
// with these scopes.
func InstallationClaims(scopes ...string) bearergate.Claims {
	c := Claims(scopes...)
	c.Type, c.Audience = bearergate.InstallationToken, nil
	c.GrantID, c.OrganizationID, c.InstallationID = DefaultGrantID, DefaultOrganizationID, DefaultInstallationID
	return c
}

// ContextWithToken returns a context as behind RequireToken, although no token was
// sent. It is for tests of a handler, or of the guards inside of RequireToken.
func ContextWithToken(ctx context.Context, c bearergate.Claims) context.Context {
	return bearergate.ContextWithToken(ctx, bearergate.NewToken(c))
}
