package jwtverifier_test

import (
	"context"
	"fmt"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/bearergatetest"
	"github.com/bearergate/bearergate/jwtverifier"
)

func ExampleDiscoverKeys() {
	issuer := bearergatetest.NewIssuer() // stands for the authorization server
	defer issuer.Start().Close()

	keys, err := jwtverifier.DiscoverKeys(issuer.URL)
	if err != nil {
		log.Fatal(err)
	}
	defer keys.Close()
	verifier, err := jwtverifier.New(jwtverifier.Config{
		Audience: bearergatetest.DefaultAudience, Keys: keys, Logger: slog.Default(),
	})
	if err != nil {
		log.Fatal(err)
	}
	api := bearergate.RequireToken(verifier)(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	answer := func(token string) int {
		rec := httptest.NewRecorder()
		api.ServeHTTP(rec, bearergatetest.NewRequest("GET", "/", token))
		return rec.Code
	}

	fmt.Println("a token:", answer(issuer.AccessToken()))
	issuer.Rotate()
	fmt.Println("one of a new key:", answer(issuer.AccessToken()))
	issuer.Break(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) })
	fmt.Println("while the key server fails:", answer(issuer.AccessToken()))
	// Output:
	// a token: 200
	// one of a new key: 200
	// while the key server fails: 200
}

func ExampleKeySource() {
	keys, err := jwtverifier.RemoteKeys("http://localhost:1/jwks.json")
	if err != nil {
		log.Fatal(err)
	}
	defer keys.Close()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		if keys.Ready(r.Context()) != nil {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	})
	rec := httptest.NewRecorder()
	mux.ServeHTTP(rec, httptest.NewRequest("GET", "/readyz", nil))
	fmt.Println(rec.Code, keys.Status().Keys)
	// Output: 503 0
}

func ExampleByIssuer() {
	customers, partners := bearergatetest.NewIssuer(), bearergatetest.NewStranger()
	partners.URL = "https://partners.example"
	verifier, err := jwtverifier.ByIssuer(customers.Verifier(), partners.Verifier())
	if err != nil {
		log.Fatal(err)
	}
	for _, token := range []string{
		customers.AccessToken(), partners.AccessToken(),
		partners.AccessToken(bearergatetest.WithClaim("iss", customers.URL)), // a forgery
	} {
		t, err := verifier.VerifyToken(context.Background(), token)
		if err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Println(t.Issuer())
	}
	// Output:
	// https://issuer.example
	// https://partners.example
	// invalid_token: signature: the signature is wrong: got alg "RS256" with kid "RS256", want a signature by one of the 3 keys of "https://issuer.example"; see jwtverifier's Config.Keys
}

func ExampleConfig_cacheSize() {
	issuer := bearergatetest.NewIssuer()
	config := issuer.Config()
	config.CacheSize = 100_000
	verifier, err := jwtverifier.New(config)
	if err != nil {
		log.Fatal(err)
	}
	configure, err := bearergate.Configure(bearergate.Config{
		Observer: func(_ context.Context, d bearergate.Decision) { fmt.Println("verified before:", d.CacheHit) },
	})
	if err != nil {
		log.Fatal(err)
	}
	api := bearergate.Chain(
		configure,
		bearergate.RequireToken(verifier),
	)(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	token := issuer.AccessToken()
	for range 2 {
		api.ServeHTTP(httptest.NewRecorder(), bearergatetest.NewRequest("GET", "/", token))
	}
	// Output:
	// verified before: false
	// verified before: true
}
