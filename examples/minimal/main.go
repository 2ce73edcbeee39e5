// Minimal protects one route. It is the program of the README.
package main

import (
	"fmt"
	"log"
	"net/http"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/jwtverifier"
)

func main() {
	keys, err := jwtverifier.DiscoverKeys("https://auth.example") // fetched with the first request
	if err != nil {
		log.Fatal(err)
	}
	verifier, err := jwtverifier.New(jwtverifier.Config{Audience: "https://api.example", Keys: keys})
	if err != nil {
		log.Fatal(err)
	}
	budget, err := bearergate.PerMinute(bearergate.DefaultRequestsPerMinute)
	if err != nil {
		log.Fatal(err)
	}
	defer budget.Close()
	guarded := bearergate.Chain(
		bearergate.RequireToken(verifier, bearergate.InstallationToken),
		bearergate.RateLimit(budget),
		bearergate.RequireOrg(bearergate.PathValue("org")),
		bearergate.RequireScope("projects:read"),
	)
	mux := http.NewServeMux()
	mux.Handle("GET /orgs/{org}/projects", guarded(http.HandlerFunc(listProjects)))
	log.Fatal(http.ListenAndServe("127.0.0.1:8080", mux))
}

func listProjects(w http.ResponseWriter, r *http.Request) {
	token, _ := bearergate.TokenFrom(r.Context())
	fmt.Fprintln(w, "projects of", token.OrganizationID())
}
