package code_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/bearergatetest"
	"github.com/bearergate/bearergate/reference"
)

func newDocumentedAPI(verifier bearergate.Verifier) (http.Handler, error) {
	config := bearergate.Config{Realm: "projects", ReferenceURL: "https://api.example/errors"}
	scopes := bearergate.RouteScopes{"GET /v1/projects": {"projects:read"}}
	configure, err := bearergate.Configure(config)
	if err != nil {
		return nil, err
	}
	page, err := reference.New(reference.Config{
		Title:    "Errors of the projects API",
		APIURL:   "https://api.example",
		TokenURL: "https://auth.example/oauth/token",
		Answers:  config,
		Scopes:   scopes,
	})
	if err != nil {
		return nil, err
	}
	guarded := bearergate.Chain(bearergate.RequireToken(verifier), bearergate.RequireRouteScopes(scopes))
	mux := http.NewServeMux()
	mux.Handle("/errors", page)
	mux.Handle("GET /v1/projects", guarded(ok))
	return configure(mux), nil
}

func examplesOfProjects() map[bearergate.Code][]reference.Example {
	return map[bearergate.Code][]reference.Example{
		bearergate.ErrInvalidToken: {{
			Title:  "The token expired.",
			Path:   "/v1/projects",
			Header: map[string]string{"Authorization": "Bearer expired"},
		}},
	}
}

// TestRefusalLeadsToTheReference follows the link of a refusal.
//
// Rules: S1.37.
func TestRefusalLeadsToTheReference(t *testing.T) {
	issuer := bearergatetest.NewIssuer()
	api, err := newDocumentedAPI(issuer.Verifier())
	if err != nil {
		t.Fatal(err)
	}
	refused := httptest.NewRecorder()
	api.ServeHTTP(refused, bearergatetest.NewRequest("GET", "/v1/projects", issuer.Token()))
	if got, want := refused.Header().Get("Link"), `<https://api.example/errors#missing_scope>; rel="help"`; got != want {
		t.Fatalf("got Link: %s, want %s", got, want)
	}
	page := httptest.NewRecorder()
	api.ServeHTTP(page, httptest.NewRequest("GET", "/errors", nil))
	if page.Code != http.StatusOK || !strings.Contains(page.Body.String(), `id="missing_scope"`) {
		t.Errorf("got %d\n%s\nwant the page with an anchor for missing_scope", page.Code, page.Body)
	}
}

func TestExamplesFitTheReference(t *testing.T) {
	_, err := reference.New(reference.Config{
		Title: "Errors", APIURL: "https://api.example", TokenURL: "https://auth.example/oauth/token", Examples: examplesOfProjects(),
	})
	if err != nil {
		t.Error(err)
	}
}
