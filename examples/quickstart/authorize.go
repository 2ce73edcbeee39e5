package main

import (
	"context"
	"crypto/subtle"
	"errors"
	"html/template"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/tokenendpoint"
)

const (
	clientID     = "app-1"
	clientSecret = "quickstart"
	password     = "open-sesame" // of the one user
	callback     = "http://127.0.0.1/callback"
)

// app is the one registered app.
var app = tokenendpoint.Client{
	ID: clientID, Secrets: []tokenendpoint.Sum{tokenendpoint.SecretSum(clientSecret)},
	RedirectURIs: []string{callback}, AnyLoopbackPort: true,
}

// registered is a store of clients that has the app.
type registered struct{}

func (registered) Client(_ context.Context, id string) (tokenendpoint.Client, error) {
	if id != clientID {
		return tokenendpoint.Client{}, bearergate.ErrInvalidClient
	}
	return app, nil
}

// consentPage is posted to its own address, with the query of the request.
var consentPage = template.Must(template.New("").Parse(`<!DOCTYPE html>
<title>Translations</title>
<form method="post">
<p>{{.Client}} asks for the scopes {{.Scope}} in the organization acme.</p>
<p>Password of the user ({{.Password}}): <input type="password" name="password" autofocus></p>
<button name="consent" value="yes">Allow</button> <button name="consent" value="no">Deny</button>
</form>
`))

// authorize is the authorization endpoint, to which an app sends its users. It stores
// nothing before a user has signed in and consented: anybody can send anything here.
func (a *api) authorize(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	client, err := a.stores.clients.Client(r.Context(), query.Get("client_id"))
	if err != nil && !errors.Is(err, bearergate.ErrInvalidClient) {
		bearergate.Refuse(w, r, err)
		return
	}
	if err != nil || !client.HasRedirectURI(query.Get("redirect_uri")) {
		bearergate.Refuse(w, r, bearergate.ErrInvalidRequest) // to the user: the sender may be anybody
		return
	}
	if r.Method != http.MethodPost {
		showConsent(w, client, query.Get("scope"))
		return
	}
	if !isPassword(r.PostFormValue("password")) {
		bearergate.Refuse(w, r, bearergate.ErrInvalidGrant) // counted by LimitFailedAuthentication
		return
	}
	answer, err := a.answer(r.Context(), query, r.PostFormValue("consent") == "yes")
	if err != nil {
		bearergate.Refuse(w, r, err)
		return
	}
	back, err := client.RedirectURL(query.Get("redirect_uri"), answer)
	if err != nil {
		bearergate.Refuse(w, r, err)
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, back, http.StatusSeeOther)
}

// readForms reads the form of the authorization page before guesses are counted, so that
// many forms which are sent slowly are not many guesses at once.
func readForms(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost && r.URL.Path == authorizePath {
			r.Body = http.MaxBytesReader(w, r.Body, 4<<10)
			r.ParseForm() // what cannot be read has no password
		}
		next.ServeHTTP(w, r)
	})
}

func showConsent(w http.ResponseWriter, client tokenendpoint.Client, scope string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	w.Header().Set("Cache-Control", "no-store")
	consentPage.Execute(w, map[string]string{"Client": client.ID, "Scope": scope, "Password": password})
}

// isPassword signs the user in. A real service has accounts, and stores no password.
func isPassword(s string) bool {
	return subtle.ConstantTimeCompare([]byte(s), []byte(password)) == 1
}

// answer returns the code, or the error that the app receives (RFC 6749 section
// 4.1.2.1). Its own error is a fault of the store.
func (a *api) answer(ctx context.Context, query url.Values, consents bool) (tokenendpoint.AuthorizationResponse, error) {
	answer := tokenendpoint.AuthorizationResponse{State: query.Get("state"), Issuer: a.base}
	switch {
	case query.Get("response_type") == "":
		answer.Error = "invalid_request"
		return answer, nil
	case query.Get("response_type") != "code":
		answer.Error = "unsupported_response_type"
		return answer, nil
	case !consents:
		answer.Error = "access_denied"
		return answer, nil
	}
	grant, err := a.consentedGrant(ctx)
	if err != nil {
		return answer, err
	}
	code, err := a.endpoint.NewCode(ctx, tokenendpoint.CodeRequest{
		Authorization: tokenendpoint.Authorization{
			ClientID: query.Get("client_id"), GrantID: grant, Subject: subject, Scopes: strings.Fields(query.Get("scope")),
		},
		RedirectURI:         query.Get("redirect_uri"),
		CodeChallenge:       query.Get("code_challenge"),
		CodeChallengeMethod: query.Get("code_challenge_method"),
	})
	if errors.Is(err, bearergate.ErrInvalidRequest) {
		answer.Error = "invalid_request"
		return answer, nil
	}
	answer.Code = code
	return answer, err
}

func (a *api) issueAccessToken(_ context.Context, auth tokenendpoint.IssueRequest) (tokenendpoint.Issued, error) {
	token := a.issuer.accessToken(auth.GrantID, strings.Join(auth.Scopes, " "), claims{
		"jti": auth.TokenID, "exp": time.Now().Add(a.lifetime).Unix(),
	})
	return tokenendpoint.Issued{Token: token, ExpiresIn: a.lifetime}, nil
}
