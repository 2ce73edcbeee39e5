package interop

import (
	"errors"
	"testing"
	"time"

	"github.com/zitadel/oidc/v3/pkg/client/rp"
	"github.com/zitadel/oidc/v3/pkg/oidc"
	"golang.org/x/oauth2"
)

// Rules: S7.13, S7.15, S7.18.
func TestZitadelRelyingParty(t *testing.T) {
	for name, c := range map[string]struct {
		id, secret string
		style      oauth2.AuthStyle
	}{
		"by header":         {"confidential", secret, oauth2.AuthStyleInHeader},
		"escapes by header": {"confidential", escapedSecret, oauth2.AuthStyleInHeader},
		"by parameters":     {"confidential", secret, oauth2.AuthStyleInParams},
		"detected":          {"confidential", secret, oauth2.AuthStyleAutoDetect},
		"public":            {"public", "", oauth2.AuthStyleInParams},
	} {
		t.Run(name, func(t *testing.T) {
			server, ctx := newServer(t), t.Context()
			party := func(secret string) rp.RelyingParty {
				party, err := rp.NewRelyingPartyOAuth(&oauth2.Config{
					ClientID: c.id, ClientSecret: secret, RedirectURL: callback, Scopes: []string{"projects:read"},
					Endpoint: oauth2.Endpoint{AuthURL: server.URL + "/authorize", TokenURL: server.URL + "/token"},
				}, rp.WithAuthStyle(c.style))
				if err != nil {
					t.Fatal(err)
				}
				return party
			}
			app, verifier := party(c.secret), oauth2.GenerateVerifier()
			code := authorize(t, rp.AuthURL("state", app, rp.WithCodeChallenge(oidc.NewSHACodeChallenge(verifier))))
			exchange := func(verifier string) (*oidc.Tokens[*oidc.IDTokenClaims], error) {
				return rp.CodeExchange[*oidc.IDTokenClaims](ctx, code, app, rp.WithCodeVerifier(verifier))
			}
			refresh := func(app rp.RelyingParty, token string) (*oidc.Tokens[*oidc.IDTokenClaims], error) {
				return rp.RefreshTokens[*oidc.IDTokenClaims](ctx, app, token, "", "")
			}

			_, err := exchange(oauth2.GenerateVerifier())
			wantError(t, err, 401, "invalid_grant")
			tokens, err := exchange(verifier)
			if err != nil {
				t.Fatal(err)
			}
			if left := time.Until(tokens.Expiry); tokens.TokenType != "Bearer" || tokens.RefreshToken == "" || left < 59*time.Minute || left > time.Hour {
				t.Errorf("got %+v", tokens.Token)
			}
			refreshed, err := refresh(app, tokens.RefreshToken)
			if err != nil {
				t.Fatal(err)
			}
			if refreshed.AccessToken == tokens.AccessToken || refreshed.RefreshToken == tokens.RefreshToken {
				t.Errorf("got %+v after %+v", refreshed.Token, tokens.Token)
			}
			_, err = refresh(app, "unknown")
			wantZitadelError(t, err, "invalid_grant")
			_, err = exchange(verifier)
			wantError(t, err, 401, "invalid_grant")
			_, err = refresh(app, refreshed.RefreshToken) // revoked by the replay of the code
			wantZitadelError(t, err, "invalid_grant")

			_, err = refresh(party("wrong"), "x")
			wantZitadelError(t, err, "invalid_client")
			_, err = rp.CodeExchange[*oidc.IDTokenClaims](ctx, code, party("wrong"), rp.WithCodeVerifier(verifier))
			wantError(t, err, 401, "invalid_client")
		})
	}
}

// wantZitadelError wants the error of a refresh. An exchange has that of x/oauth2.
func wantZitadelError(t *testing.T, err error, code string) {
	t.Helper()
	var answered *oidc.Error
	if !errors.As(err, &answered) || string(answered.ErrorType) != code {
		t.Errorf("got %v, want %s", err, code)
	}
}
