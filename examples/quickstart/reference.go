package main

import (
	"context"
	"net/http"
	"net/url"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/reference"
)

// withReference returns the API with the reference of its errors at /, and the demo that
// answers the requests of that page.
func (a *api) withReference(ctx context.Context) (http.Handler, error) {
	page, err := reference.New(reference.Config{
		Title:    "Errors of the translations API",
		APIURL:   a.base,
		TokenURL: a.base + tokenPath,
		MintURL:  a.base + mintPath("{grantId}"),
		Answers:  a.answers(),
		Scopes:   routeScopes(),
		Examples: examples(),
	})
	if err != nil {
		return nil, err
	}
	demo, err := a.newDemo(ctx)
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("/{$}", page)
	mux.Handle(demoPath+"/", demo)
	mux.Handle("/", a.Handler())
	return mux, nil
}

// examples are requests to the demo. Each is answered with its code, whenever and
// however often it is sent.
func examples() map[bearergate.Code][]reference.Example {
	return map[bearergate.Code][]reference.Example{
		bearergate.ErrInvalidRequest:         {get("The Authorization header has two words after Bearer.", projects, "two words")},
		bearergate.ErrInvalidGrant:           {post("The code expired.", basic(clientSecret))},
		bearergate.ErrInvalidToken:           {get("The installation token expired.", projects, expiredToken)},
		bearergate.ErrMissingScope:           {publish("The token may read projects, and publishes translations.", readerToken)},
		bearergate.ErrWrongOrganization:      {get("The projects are those of another organization.", "/v1/orgs/umbrella/projects", readerToken)},
		bearergate.ErrForbidden:              {publish("The token is for the project app alone.", oneProjectToken)},
		bearergate.ErrGrantNotFound:          {get("The grant of the token was deleted.", projects, deletedToken)},
		bearergate.ErrGrantRevoked:           {get("The user revoked the grant of the token.", projects, revokedToken)},
		bearergate.ErrRateLimited:            {get("The installation made 1,000 requests in this minute.", projects, busyToken)},
		bearergate.ErrInvalidClient:          {post("The client's secret is wrong.", basic("x"))},
		bearergate.ErrTemporarilyUnavailable: {get("The store of this grant cannot be reached.", projects, unreachableToken)},
		bearergate.ErrServerError:            {get("The route has RequireScope, and no RequireToken.", miswired, readerToken)},
	}
}

func get(title, path, token string) reference.Example {
	return reference.Example{Title: title, Path: demoPath + path, Header: map[string]string{"Authorization": "Bearer " + token}}
}

func publish(title, token string) reference.Example {
	e := get(title, translations, token)
	e.Method = http.MethodPost
	return e
}

// post sends a code that there is not to the token endpoint.
func post(title, authorization string) reference.Example {
	form := url.Values{"grant_type": {"authorization_code"}, "code": {"code-of-yesterday"}, "redirect_uri": {callback}}
	return reference.Example{
		Title: title, Method: http.MethodPost, Path: demoPath + tokenPath, Body: form.Encode(),
		Header: map[string]string{"Authorization": authorization, "Content-Type": "application/x-www-form-urlencoded"},
	}
}
