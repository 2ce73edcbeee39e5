package interop

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"golang.org/x/oauth2"
)

// authorize follows the user to where it comes back with a code.
func authorize(t *testing.T, url string) (code string) {
	t.Helper()
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	back, err := resp.Location()
	if err != nil {
		t.Fatalf("answered %s: %v", resp.Status, err)
	}
	return back.Query().Get("code")
}

// Rules: S7.13, S7.15, S7.18.
func TestXOAuth2(t *testing.T) {
	server := newServer(t)
	for name, config := range map[string]oauth2.Config{
		"by header":       {ClientID: "confidential", ClientSecret: secret, Endpoint: oauth2.Endpoint{AuthStyle: oauth2.AuthStyleInHeader}},
		"by parameters":   {ClientID: "confidential", ClientSecret: secret, Endpoint: oauth2.Endpoint{AuthStyle: oauth2.AuthStyleInParams}},
		"detected":        {ClientID: "confidential", ClientSecret: secret},
		"public":          {ClientID: "public", Endpoint: oauth2.Endpoint{AuthStyle: oauth2.AuthStyleInParams}},
		"public detected": {ClientID: "public"},
	} {
		t.Run(name, func(t *testing.T) {
			ctx := context.Background()
			config.Endpoint.AuthURL, config.Endpoint.TokenURL = server.URL+"/authorize", server.URL+"/token"
			config.RedirectURL, config.Scopes = "http://127.0.0.1:4321/callback", []string{"projects:read", "translations:publish"}
			verifier := oauth2.GenerateVerifier()
			code := authorize(t, config.AuthCodeURL("state", oauth2.S256ChallengeOption(verifier)))

			_, err := config.Exchange(ctx, code, oauth2.VerifierOption(oauth2.GenerateVerifier()))
			wantError(t, err, 401, "invalid_grant")
			token, err := config.Exchange(ctx, code, oauth2.VerifierOption(verifier))
			if err != nil {
				t.Fatal(err)
			}
			if left := time.Until(token.Expiry); token.TokenType != "Bearer" || token.RefreshToken == "" || left < 59*time.Minute || left > time.Hour ||
				token.Extra("scope") != "projects:read translations:publish" {
				t.Errorf("got %+v", token)
			}

			token.Expiry = time.Now()
			refreshed, err := config.TokenSource(ctx, token).Token()
			if err != nil {
				t.Fatal(err)
			}
			if refreshed.AccessToken == token.AccessToken || refreshed.RefreshToken == token.RefreshToken {
				t.Errorf("got %+v after %+v", refreshed, token)
			}
			_, err = config.Exchange(ctx, code, oauth2.VerifierOption(verifier))
			wantError(t, err, 401, "invalid_grant")
			refreshed.Expiry = time.Now() // revoked by the replay of the code
			_, err = config.TokenSource(ctx, refreshed).Token()
			wantError(t, err, 401, "invalid_grant")

			_, err = config.Exchange(ctx, "")
			wantError(t, err, 400, "invalid_request")
			config.ClientID, config.Endpoint.AuthStyle = "nobody", oauth2.AuthStyleInParams
			_, err = config.Exchange(ctx, code, oauth2.VerifierOption(verifier))
			wantError(t, err, 401, "invalid_client")
		})
	}
}

func wantError(t *testing.T, err error, status int, code string) {
	t.Helper()
	var answered *oauth2.RetrieveError
	if !errors.As(err, &answered) || answered.Response.StatusCode != status || answered.ErrorCode != code {
		t.Errorf("got %v, want %d %s", err, status, code)
	}
}
