package main

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/bearergate/bearergate/tokenendpoint"
)

const (
	authorizePath = "/oauth/authorize"
	tokenPath     = "/oauth/token"
)

// authorization is the code and the verifier that an app has when its user comes
// back.
type authorization struct {
	code, verifier string
}

// authorize sends a user to the API, as an app does. The user consents. It returns the
// code of the redirect.
func (t *tour) authorize(ctx context.Context) (authorization, error) {
	verifier := rand.Text() + rand.Text()
	sum := sha256.Sum256([]byte(verifier))
	query := url.Values{
		"response_type": {"code"}, "client_id": {clientID}, "redirect_uri": {callback}, "scope": {readProjects}, "state": {"x"},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])}, "code_challenge_method": {"S256"},
	}
	r, err := http.NewRequestWithContext(ctx, "POST", t.base+authorizePath+"?"+query.Encode(), consent())
	if err != nil {
		return authorization{}, err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := t.client.Do(r)
	if err != nil {
		return authorization{}, err
	}
	resp.Body.Close()
	back, err := resp.Location()
	if err != nil {
		return authorization{}, fmt.Errorf("the authorization answered %d: %w", resp.StatusCode, err)
	}
	return authorization{back.Query().Get("code"), verifier}, nil
}

// consent is the form of the authorization page, as a user fills it in.
func consent() io.Reader {
	return strings.NewReader(url.Values{"password": {password}, "consent": {"yes"}}.Encode())
}

// exchange returns the form that exchanges the code for tokens.
func (a authorization) exchange() url.Values {
	return url.Values{"grant_type": {"authorization_code"}, "code": {a.code}, "redirect_uri": {callback}, "code_verifier": {a.verifier}}
}

func refreshing(token string) url.Values {
	return url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token}}
}

func basic(secret string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(clientID+":"+secret))
}

// connection is the state that an app keeps for a user.
type connection struct {
	AccessToken  string `json:"access_token"`
	RefreshToken string `json:"refresh_token"`
}

func (t *tour) tokens(ctx context.Context, form url.Values) (c connection, err error) {
	got, err := t.post(ctx, form, basic(clientSecret))
	if err != nil {
		return c, err
	}
	if err := json.Unmarshal([]byte(got.body), &c); err != nil || got.status != http.StatusOK {
		return c, fmt.Errorf("the token endpoint answered %d %s", got.status, got.body)
	}
	return c, nil
}

// connect authorizes the app for a user, and exchanges the code.
func (t *tour) connect(ctx context.Context) (used authorization, c connection, err error) {
	if used, err = t.authorize(ctx); err != nil {
		return used, c, err
	}
	c, err = t.tokens(ctx, used.exchange())
	return used, c, err
}

// form returns a form for the token endpoint.
type form func(ctx context.Context) (url.Values, error)

// changed returns the exchange of a new code with a changed parameter. An empty
// value removes the parameter.
func (t *tour) changed(name, value string) form {
	return func(ctx context.Context) (url.Values, error) {
		fresh, err := t.authorize(ctx)
		form := fresh.exchange()
		if form.Set(name, value); value == "" {
			form.Del(name)
		}
		return form, err
	}
}

func (t *tour) expired(ctx context.Context) (url.Values, error) {
	const code = "a code of yesterday"
	err := t.api.stores.codes.SaveCode(ctx, sha256.Sum256([]byte(code)), tokenendpoint.AuthorizationCode{
		Authorization: tokenendpoint.Authorization{ClientID: clientID, GrantID: acmeGrant},
		RedirectURI:   callback, ExpiresAt: time.Now().AddDate(0, 0, -1),
	})
	form := authorization{code: code}.exchange()
	form.Del("code_verifier")
	return form, err
}

func (t *tour) replayed(ctx context.Context) (url.Values, error) {
	used, _, err := t.connect(ctx)
	return used.exchange(), err
}

// revoked returns a refresh with a token that the replay of its code has revoked.
func (t *tour) revoked(ctx context.Context) (url.Values, error) {
	used, connected, err := t.connect(ctx)
	if err == nil {
		_, err = t.post(ctx, used.exchange(), basic(clientSecret))
	}
	return refreshing(connected.RefreshToken), err
}
