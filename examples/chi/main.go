// Chi is a translations API on a chi router, with its own token issuer. It prints a
// curl command to try.
//
//	go run .
package main

import (
	"flag"
	"fmt"
	"log"
	"log/slog"
	"net/http"

	"github.com/bearergate/bearergate"
	chigate "github.com/bearergate/bearergate/adapters/chi"
	"github.com/bearergate/bearergate/bearergatetest"
	"github.com/go-chi/chi/v5"
)

var scopes = bearergate.RouteScopes{
	"GET /orgs/{org}/projects":                    {"projects:read"},
	"POST /orgs/{org}/projects/{id}/translations": {"projects:read", "translations:publish"},
}

func main() {
	addr := flag.String("addr", "127.0.0.1:8080", "`address` to serve on")
	flag.Parse()
	issuer := bearergatetest.NewIssuer() // in place of an authorization server
	fmt.Printf("curl -i http://%s/orgs/acme/projects -H 'Authorization: Bearer %s'\n", *addr, issuer.InstallationToken(bearergatetest.WithScopes("projects:read")))
	budget, err := bearergate.PerMinute(bearergate.DefaultRequestsPerMinute)
	if err != nil {
		log.Fatal(err)
	}
	api, err := newAPI(issuer.Verifier(), budget)
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(http.ListenAndServe(*addr, api))
}

func newAPI(verifier bearergate.Verifier, budget bearergate.Limiter) (http.Handler, error) {
	configure, err := bearergate.Configure(bearergate.Config{Realm: "translations", Observer: bearergate.LogDecisions(slog.Default())})
	if err != nil {
		return nil, err
	}
	r := chi.NewRouter()
	r.Use(configure)
	r.Route("/orgs/{org}", func(r chi.Router) {
		r.Use(chigate.Wrap( // sees {org}, but not yet the rest of the route
			bearergate.RequireToken(verifier, bearergate.InstallationToken),
			bearergate.RateLimit(budget),
			bearergate.RequireOrg(bearergate.PathValue("org")),
		))
		r.Group(func(r chi.Router) {
			r.Use(chigate.Wrap(bearergate.RequireRouteScopes(scopes)))
			r.Get("/projects", listProjects)
			r.Post("/projects/{id}/translations", publishTranslations)
		})
	})
	return r, nil
}

func listProjects(w http.ResponseWriter, r *http.Request) {
	fmt.Fprintln(w, "projects of", chi.URLParam(r, "org"))
}

func publishTranslations(w http.ResponseWriter, r *http.Request) {
	token, _ := bearergate.TokenFrom(r.Context())
	fmt.Fprintln(w, "translations of", chi.URLParam(r, "id"), "published by", token.ClientID())
}
