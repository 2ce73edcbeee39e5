package code_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/bearergatetest"
	"github.com/bearergate/bearergate/granttest"
	"github.com/bearergate/bearergate/jwtverifier"
)

func newAPI(verifier bearergate.Verifier) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /projects", bearergate.Chain(
		bearergate.RequireToken(verifier),
		bearergate.RequireScope("projects:read"),
	)(ok))
	return mux
}

func TestProjects(t *testing.T) {
	issuer := bearergatetest.NewIssuer()
	api := newAPI(issuer.Verifier())
	read := bearergatetest.WithScopes("projects:read")
	for _, test := range []struct {
		name, token string
		want        int
	}{
		{"good", issuer.Token(read), 200},
		{"without the scope", issuer.Token(), 403},
		{"expired", issuer.Token(read, bearergatetest.Expired()), 401},
		{"for another API", issuer.Token(read, bearergatetest.WithClaim("aud", "https://other.example")), 401},
		{"of a stranger", bearergatetest.NewStranger().Token(read), 401},
		{"absent", "", 401},
	} {
		t.Run(test.name, func(t *testing.T) {
			answer := httptest.NewRecorder()
			api.ServeHTTP(answer, bearergatetest.NewRequest("GET", "/projects", test.token))
			if answer.Code != test.want {
				t.Errorf("got %d %s, want %d", answer.Code, answer.Body, test.want)
			}
		})
	}
}

func TestHandlerAlone(t *testing.T) {
	r := httptest.NewRequest("GET", "/reports/user-1", nil)
	r.SetPathValue("owner", "user-1")
	r = r.WithContext(bearergatetest.ContextWithToken(r.Context(), bearergatetest.Claims("reports:read")))
	answer := httptest.NewRecorder()
	getReport(answer, r)
	if answer.Code != 200 {
		t.Errorf("got %d %s, want 200", answer.Code, answer.Body)
	}
}

func TestKeyServerThatGoesDown(t *testing.T) {
	issuer := bearergatetest.NewIssuer()
	server := issuer.Start()
	t.Cleanup(server.Close)
	keys, err := jwtverifier.DiscoverKeys(issuer.URL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { keys.Close() })
	verifier, err := jwtverifier.New(jwtverifier.Config{Audience: issuer.Audience, Keys: keys})
	if err != nil {
		t.Fatal(err)
	}
	api := newAPI(verifier)
	token := issuer.Token(bearergatetest.WithScopes("projects:read"))

	issuer.Break(http.NotFound)
	if got := status(api, "GET", "/projects", token); got != 503 {
		t.Errorf("no key is known: got %d, want 503", got)
	}
}

func TestGrantStore(t *testing.T) {
	granttest.Run(t, func(*testing.T) (func() bearergate.GrantStore, func(bearergate.Grant) error) {
		store := new(bearergate.MemoryGrants) // yours
		open := func() bearergate.GrantStore { return store }
		put := func(g bearergate.Grant) error { store.Put(g); return nil }
		return open, put
	})
}

func TestKeycloakSettings(t *testing.T) {
	issuer := bearergatetest.NewIssuer()
	c := keycloak // your settings
	c.Issuer, c.Audience, c.Keys = issuer.URL, issuer.Audience, issuer.Config().Keys
	verifier, err := jwtverifier.New(c)
	if err != nil {
		t.Fatal(err)
	}
	token := issuer.Token(
		bearergatetest.WithClaim("typ", "Bearer"),
		bearergatetest.WithClaim("realm_access", map[string]any{"roles": []string{"projects:read"}}),
	)
	answer := httptest.NewRecorder()
	newAPI(verifier).ServeHTTP(answer, bearergatetest.NewRequest("GET", "/projects", token))
	if answer.Code != 200 {
		t.Errorf("got %d %s, want 200", answer.Code, answer.Body)
	}
}
