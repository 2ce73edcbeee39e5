package bearergatetest_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
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
		bearergate.RequireToken(issuer.Verifier()),
		bearergate.RequireScope("projects:read"),
	)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {}))

	for _, token := range []string{
		issuer.Token(bearergatetest.WithScopes("projects:read")),
		issuer.Token(),
		issuer.Token(bearergatetest.Expired()),
		issuer.Token(bearergatetest.Tampered("projects:read")),
		bearergatetest.NewStranger().Token(bearergatetest.WithScopes("projects:read")),
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
		t.Error("got a token of another issuer accepted, want it refused")
	}
	if _, err := other.Verifier().VerifyToken(context.Background(), other.AccessToken()); err != nil {
		t.Error(err)
	}
}

func TestContextIsAsBehindRequireToken(t *testing.T) {
	claims := bearergatetest.InstallationClaims("a")
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
	kids := func() int {
		_, body := get(t, issuer.URL+"/jwks.json")
		return strings.Count(body, `"kid"`)
	}
	if got := kids(); got != 3 {
		t.Errorf("got %d keys, want 3", got)
	}
	old := issuer.JWKSet()
	issuer.Rotate()
	if got := kids(); got != 6 {
		t.Errorf("after a rotation: got %d keys, want the old ones too", got)
	}
	issuer.Retire()
	if got := kids(); got != 3 || bytes.Equal(old, issuer.JWKSet()) {
		t.Errorf("after the old ones were retired: got %d keys, want 3 new ones", got)
	}
	issuer.Break(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })
	if status, _ := get(t, issuer.URL+"/jwks.json"); status != http.StatusTeapot {
		t.Errorf("broken: got %d, want %d", status, http.StatusTeapot)
	}
	issuer.Mend()
	if got := kids(); got != 3 {
		t.Errorf("mended: got %d keys, want 3", got)
	}
}

func TestRotatedKeysHaveNewIDs(t *testing.T) {
	issuer := bearergatetest.NewIssuer()
	seen := make(map[string]bool)
	for range 3 {
		header, _, _ := strings.Cut(issuer.AccessToken(), ".")
		if seen[header] {
			t.Error("got a key id twice")
		}
		seen[header] = true
		issuer.Rotate()
		issuer.Retire()
	}
}
