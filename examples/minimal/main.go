// Minimal protects one route. It is the program of the README.
package main

import (
	"fmt"
	"log"
	"log/slog"
	"net/http"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/jwtverifier"
)

func main() {
	verifier, err := jwtverifier.New(jwtverifier.Config{
		Issuer:   "https://auth.example", // the URL of your identity provider
		Audience: "https://api.example",  // the name of this API there
	})
	if err != nil {
		log.Fatal(err)
	}
	api, err := newAPI(verifier)
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(http.ListenAndServe("127.0.0.1:8080", api))
}

func newAPI(verifier bearergate.Verifier) (http.Handler, error) {
	configure, err := bearergate.Configure(bearergate.Config{Observer: bearergate.LogDecisions(slog.Default())})
	if err != nil {
		return nil, err
	}
	guarded := bearergate.Chain(
		bearergate.RequireToken(verifier),
		bearergate.RequireScope("projects:read"),
	)
	mux := http.NewServeMux()
	mux.Handle("GET /projects", guarded(http.HandlerFunc(listProjects)))
	return configure(mux), nil
}

func listProjects(w http.ResponseWriter, r *http.Request) {
	token, _ := bearergate.TokenFrom(r.Context())
	fmt.Fprintln(w, "projects of", token.Subject())
}
