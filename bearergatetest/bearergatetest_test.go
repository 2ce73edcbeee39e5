package bearergatetest_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
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
