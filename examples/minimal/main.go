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
	api, err := newAPI("https://auth.example", "https://api.example")
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(http.ListenAndServe("127.0.0.1:8080", api))
}

// newAPI returns an API that accepts the tokens of an identity provider, the
// issuer. The audience is the name that this API has there.
func newAPI(issuer, audience string) (http.Handler, error) {
	verifier, err := jwtverifier.New(jwtverifier.Config{Issuer: issuer, Audience: audience})
	if err != nil {
		return nil, err
	}
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
