package bearergatetest_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/bearergatetest"
)

func Example() {
	issuer := bearergatetest.NewIssuer()
	api := bearergate.Chain(
		bearergate.RequireToken(issuer.Verifier(), bearergate.InstallationToken),
		bearergate.RequireScope("projects:read"),
	)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {}))

	for _, token := range []string{
		issuer.InstallationToken(bearergatetest.WithScopes("projects:read")),
		issuer.InstallationToken(),
		issuer.InstallationToken(bearergatetest.Expired()),
		issuer.InstallationToken(bearergatetest.Tampered("projects:read")),
		bearergatetest.NewStranger().InstallationToken(),
	} {
		rec := httptest.NewRecorder()
		api.ServeHTTP(rec, bearergatetest.NewRequest("GET", "/", token))
		fmt.Println(rec.Code)
	}
	// Output:
	// 200
	// 403
	// 401
	// 401
	// 401
}

func TestTamperedTokenIsGoodButForItsSignature(t *testing.T) {
	issuer := bearergatetest.NewIssuer()
	token := issuer.AccessToken(bearergatetest.Tampered("admin"))
	if _, err := issuer.Verifier().VerifyToken(context.Background(), token); !errors.Is(err, bearergate.ErrInvalidToken) {
		t.Errorf("got %v, want it refused", err)
	}
}

func TestIssuersDifferByURLAndAudience(t *testing.T) {
	one, other := bearergatetest.NewIssuer(), bearergatetest.NewIssuer()
	other.URL = "https://other.example"
	if _, err := one.Verifier().VerifyToken(context.Background(), other.AccessToken()); err == nil {
		t.Error("a token of another issuer was taken")
	}
	if _, err := other.Verifier().VerifyToken(context.Background(), other.AccessToken()); err != nil {
		t.Error(err)
	}
}

func TestContextIsAsBehindRequireToken(t *testing.T) {
	claims := bearergatetest.Claims("a")
	token, ok := bearergate.TokenFrom(bearergatetest.ContextWithToken(context.Background(), claims))
	if !ok || !token.HasScope("a") || token.Type() != bearergate.InstallationToken {
		t.Errorf("got %v, %v", token, ok)
	}
}

func TestWhatCanOnlyFailPanics(t *testing.T) {
	issuer := bearergatetest.NewIssuer()
	for name, f := range map[string]func(){
		"unknown algorithm to sign with": func() { issuer.AccessToken(bearergatetest.SignedWith("ES384")) },
		"unknown algorithm of a key":     func() { issuer.PublicKey("ES384") },
		"claim that is no JSON":          func() { issuer.AccessToken(bearergatetest.WithClaim("x", func() {})) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: did not panic", name)
				}
			}()
			f()
		}()
	}
}

func TestIssuerServesWhatItPublishes(t *testing.T) {
	issuer := bearergatetest.NewIssuer()
	server := issuer.Start()
	defer server.Close()
	get := func(path string) (int, string) {
		t.Helper()
		resp, err := http.Get(issuer.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		body, _ := io.ReadAll(resp.Body)
		return resp.StatusCode, string(body)
	}
	wantMetadata := fmt.Sprintf(`{"issuer":%q,"jwks_uri":%q}`, issuer.URL, issuer.URL+"/jwks.json")
	for _, path := range []string{"/.well-known/oauth-authorization-server", "/.well-known/openid-configuration"} {
		if status, body := get(path); status != 200 || body != wantMetadata {
			t.Errorf("%s: got %d %s", path, status, body)
		}
	}
	kids := func() int {
		_, body := get("/jwks.json")
		return strings.Count(body, `"kid"`)
	}
	if got := kids(); got != 3 {
		t.Errorf("got %d keys", got)
	}
	old := issuer.JWKSet()
	issuer.Rotate()
	if got := kids(); got != 6 {
		t.Errorf("got %d keys after a rotation, want the old ones too", got)
	}
	issuer.Retire()
	if got := kids(); got != 3 || bytes.Equal(old, issuer.JWKSet()) {
		t.Errorf("got %d keys after the old ones were retired", got)
	}
	issuer.Break(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })
	if status, _ := get("/jwks.json"); status != http.StatusTeapot {
		t.Errorf("broken, got %d", status)
	}
	issuer.Mend()
	if status, _ := get("/other"); status != http.StatusNotFound {
		t.Errorf("got %d", status)
	}
}

func TestRotatedKeysHaveNewIDs(t *testing.T) {
	issuer := bearergatetest.NewIssuer()
	seen := make(map[string]bool)
	for range 3 {
		header, _, _ := strings.Cut(issuer.AccessToken(), ".")
		if seen[header] {
			t.Error("a key id came twice")
		}
		seen[header] = true
		issuer.Rotate()
		issuer.Retire()
	}
}
