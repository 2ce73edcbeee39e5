package bearergatetest_test

import (
	"fmt"
	"io"
	"net/http"
	"testing"

	"github.com/bearergate/bearergate/bearergatetest"
	"github.com/bearergate/bearergate/jwtverifier"
)

func get(t *testing.T, url string) (status int, body string) {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, _ := io.ReadAll(resp.Body)
	return resp.StatusCode, string(text)
}

// issuerURLs are shapes of issuers' URLs.
var issuerURLs = []struct{ name, url, path, rfc8414, openid, jwks string }{
	{"no path", "https://issuer.example", "",
		"/.well-known/oauth-authorization-server", "/.well-known/openid-configuration", "/jwks.json"},
	{"a slash, as Auth0 has", "https://acme.eu.auth0.com/", "/",
		"/.well-known/oauth-authorization-server", "/.well-known/openid-configuration", "/jwks.json"},
	{"a path, as Keycloak has", "https://sso.example.com/realms/acme", "/realms/acme",
		"/.well-known/oauth-authorization-server/realms/acme", "/realms/acme/.well-known/openid-configuration", "/realms/acme/jwks.json"},
	{"a path and a slash", "https://sts.windows.net/9e8e4e5b/", "/9e8e4e5b/",
		"/.well-known/oauth-authorization-server/9e8e4e5b", "/9e8e4e5b/.well-known/openid-configuration", "/9e8e4e5b/jwks.json"},
	{"an escaped path", "https://sso.example.com/realms/acme%20inc", "/realms/acme%20inc",
		"/.well-known/oauth-authorization-server/realms/acme%20inc", "/realms/acme%20inc/.well-known/openid-configuration", "/realms/acme%20inc/jwks.json"},
}

func TestIssuerOfAnyURLIsDiscovered(t *testing.T) {
	for _, c := range issuerURLs {
		t.Run(c.name, func(t *testing.T) {
			issuer := bearergatetest.NewIssuer()
			issuer.URL = c.url
			server := issuer.Start()
			defer server.Close()
			if want := server.URL + c.path; issuer.URL != want {
				t.Errorf("got the URL %s, want %s", issuer.URL, want)
			}
			wantDiscovered(t, issuer)
		})
	}
}

func wantDiscovered(t *testing.T, issuer *bearergatetest.Issuer) {
	t.Helper()
	keys, err := jwtverifier.DiscoverKeys(issuer.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer keys.Close()
	config := issuer.Config()
	config.Keys = keys
	v, err := jwtverifier.New(config)
	if err != nil {
		t.Fatal(err)
	}
	token, err := v.VerifyToken(t.Context(), issuer.Token())
	if err != nil || token.Issuer() != issuer.URL {
		t.Errorf("got %v, %v, want a token of %s", token, err, issuer.URL)
	}
}

func TestURLMayBeSetOnceTheIssuerIsServed(t *testing.T) {
	issuer := bearergatetest.NewIssuer()
	defer issuer.Start().Close()
	issuer.URL += "/oauth2/default"
	wantDiscovered(t, issuer)
}

func TestIssuerServesItsMetadataAndKeysBelowItsPath(t *testing.T) {
	for _, c := range issuerURLs {
		t.Run(c.name, func(t *testing.T) {
			issuer := bearergatetest.NewIssuer()
			issuer.URL = c.url
			server := issuer.Start()
			defer server.Close()
			wantMetadata := fmt.Sprintf(`{"issuer":%q,"jwks_uri":%q}`, issuer.URL, server.URL+c.jwks)
			for _, path := range []string{c.rfc8414, c.openid} {
				if status, body := get(t, server.URL+path); status != 200 || body != wantMetadata {
					t.Errorf("%s: got %d %s, want 200 %s", path, status, body, wantMetadata)
				}
			}
			if status, body := get(t, server.URL+c.jwks); status != 200 || body != string(issuer.JWKSet()) {
				t.Errorf("%s: got %d %s, want 200 and the keys", c.jwks, status, body)
			}
			if status, _ := get(t, server.URL+"/other"); status != 404 {
				t.Errorf("/other: got %d, want 404", status)
			}
		})
	}
}
