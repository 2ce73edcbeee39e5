package reference_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/reference"
)

// complete returns a Config with every setting.
func complete() reference.Config {
	return reference.Config{
		Title:    "Errors of the translations API",
		APIURL:   "https://api.example",
		TokenURL: "https://auth.example/oauth/token",
		MintURL:  "https://api.example/installations/{grantId}/tokens",
		Answers:  bearergate.Config{Realm: "translations", ReferenceURL: "https://api.example/errors"},
		Scopes: bearergate.RouteScopes{
			"GET /v1/orgs/{org}/projects": {"projects:read"}, "DELETE /v1/orgs/{org}": {"orgs:write", "orgs:delete"}, "/v1/me": nil,
		},
		Examples: map[bearergate.Code][]reference.Example{
			bearergate.ErrInvalidToken: {{Title: "The token expired.", Path: "/v1/me", Header: map[string]string{"Authorization": "Bearer expired"}}},
			bearergate.ErrInvalidGrant: {{
				Title: "The code expired.", Method: "POST", Path: "/oauth/token", Body: "grant_type=authorization_code&code=x",
				Header: map[string]string{"Content-Type": "application/x-www-form-urlencoded", "Authorization": "Basic YXBwOmEgc2VjcmV0"},
			}},
		},
	}
}

func newPage(t testing.TB, c reference.Config) *reference.Page {
	t.Helper()
	page, err := reference.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return page
}

// get requests the page with header fields, by name and value.
func get(page http.Handler, target string, fields ...string) *httptest.ResponseRecorder {
	return send(page, http.MethodGet, target, fields...)
}

func send(page http.Handler, method, target string, fields ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, nil)
	for i := 0; i < len(fields); i += 2 {
		r.Header.Add(fields[i], fields[i+1])
	}
	w := httptest.NewRecorder()
	page.ServeHTTP(w, r)
	return w
}
