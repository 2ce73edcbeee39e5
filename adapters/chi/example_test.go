package chigate_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/bearergate/bearergate"
	chigate "github.com/bearergate/bearergate/adapters/chi"
	"github.com/bearergate/bearergate/bearergatetest"
	"github.com/go-chi/chi/v5"
)

func ExampleWrap() {
	issuer := bearergatetest.NewIssuer() // yours is at its own URL
	router := chi.NewRouter()
	router.Route("/orgs/{org}", func(r chi.Router) {
		r.Use(chigate.Wrap(
			bearergate.RequireToken(issuer.Verifier(), bearergate.InstallationToken),
			bearergate.RequireOrg(bearergate.PathValue("org")),
		))
		r.With(chigate.Wrap(bearergate.RequireScope("projects:read"))).Get("/projects", func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprintln(w, "projects of", chi.URLParam(r, "org"))
		})
	})

	read := bearergatetest.WithScopes("projects:read")
	for _, try := range []struct{ path, token string }{
		{"/orgs/acme/projects", issuer.InstallationToken(read)},
		{"/orgs/umbrella/projects", issuer.InstallationToken(read)},
		{"/orgs/acme/projects", issuer.InstallationToken()},
		{"/orgs/acme/projects", issuer.AccessToken(read)},
	} {
		answer := httptest.NewRecorder()
		router.ServeHTTP(answer, bearergatetest.NewRequest("GET", try.path, try.token))
		fmt.Print(answer.Code, " ", answer.Body)
	}
	// Output:
	// 200 projects of acme
	// 403 {"error":"wrong_organization"}
	// 403 {"error":"missing_scope","required":"projects:read"}
	// 401 {"error":"invalid_token"}
}

func ExamplePattern() {
	table := bearergate.RouteScopes{"GET /orgs/{org}/projects": {"projects:read"}}
	router := chi.NewRouter()
	router.Get("/orgs/{org}/projects", http.NotFound)
	router.Post("/orgs/{org}/projects", http.NotFound)

	chi.Walk(router, func(method, route string, _ http.Handler, _ ...func(http.Handler) http.Handler) error {
		pattern := method + " " + chigate.Pattern(route)
		scopes, listed := table[pattern]
		fmt.Println(pattern, scopes, "listed:", listed)
		return nil
	})
	// Unordered output:
	// GET /orgs/{org}/projects [projects:read] listed: true
	// POST /orgs/{org}/projects [] listed: false
}
