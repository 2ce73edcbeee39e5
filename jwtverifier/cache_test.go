package jwtverifier_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/bearergatetest"
)

// cacheHit sends a request with the token, and returns what the observer is told.
func cacheHit(t testing.TB, v bearergate.Verifier, token string) bool {
	t.Helper()
	var seen bearergate.Decision
	handler := bearergate.Chain(
		bearergate.Configure(bearergate.WithObserver(func(_ context.Context, d bearergate.Decision) { seen = d })),
		bearergate.RequireToken(v),
	)(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	handler.ServeHTTP(httptest.NewRecorder(), bearergatetest.NewRequest("GET", "/", token))
	return seen.CacheHit
}
