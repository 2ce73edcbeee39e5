package bearergate_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/bearergatetest"
)

// Rules: S4.15, S4.16, S4.18, S4.19, S4.20, S4.21.
func TestRouteScopes(t *testing.T) {
	table := bearergate.RouteScopes{
		"GET /v1/projects/{id}":    {"projects:read"},
		"DELETE /v1/projects/{id}": {"projects:read", "projects:write"},
		"HEAD /v1/head":            {"head"},
		"GET /v1/head":             {"get"},
		"/v1/any":                  {"any"},
		"POST /v1/any":             {"post"},
		"GET /v1/files/":           {"files"},
		"/v1/rest/{path...}":       {"rest"},
		"GET /v1/whoami":           {},
		"GET api.example/v1/host":  {"host"},
	}
	for _, c := range []struct {
		method, pattern, scopes string
		want                    string
	}{
		{"GET", "GET /v1/projects/{id}", "projects:read", ""},
		{"HEAD", "GET /v1/projects/{id}", "projects:read", ""},
		{"HEAD", "/v1/projects/{id}", "projects:read", ""},
		{"GET", "/v1/projects/{id}", "other", "projects:read"},
		{"GET", "GET /v1/projects/{other}", "projects:read", ""}, // names do not count
		{"GET", "GET\t /v1/projects/{id}", "projects:read", ""},
		{"GET", "GET /v1/projects/7", "projects:read", "unlisted"},
		{"DELETE", "DELETE /v1/projects/{id}", "projects:read", "projects:write"},
		{"DELETE", "/v1/projects/{id}", "projects:read projects:write", ""},
		{"POST", "/v1/projects/{id}", "projects:read projects:write", "refused"},
		{"get", "/v1/projects/{id}", "projects:read", "refused"},
		{"BREW", "/v1/projects/{id}", "projects:read", "refused"},
		{"PUT", "PUT /v1/projects/{id}", "projects:read", "refused"},
		{"HEAD", "GET /v1/head", "get", "head"}, // as http.ServeMux serves HEAD
		{"HEAD", "GET /v1/head", "head", ""},
		{"get", "/v1/any", "other", "any"},
		{"GET", "DELETE /v1/projects/{id}", "projects:read", "projects:write"}, // the route that answers
		{"HEAD", "/v1/head", "get", "head"},
		{"HEAD", "HEAD /v1/head", "head", ""},
		{"GET", "/v1/head", "head", "get"},
		{"PUT", "/v1/any", "any", ""},
		{"HEAD", "/v1/any", "any", ""},
		{"POST", "/v1/any", "any", "post"},
		{"GET", "GET /v1/files/", "files", ""},
		{"GET", "GET /v1/files/{name...}", "files", ""},
		{"GET", "GET /v1/files/{name}", "files", "unlisted"},
		{"GET", "GET /v1/files/{$}", "files", "unlisted"},
		{"GET", "GET /v1/rest/", "rest", ""},
		{"GET", "GET /v1/whoami", "", ""},
		{"GET", "GET api.example/v1/host", "host", ""},
		{"GET", "GET /v1/host", "host", "unlisted"},
		{"GET", "", "projects:read", "refused"},
		{"GET", "/v1/files/*", "files", "refused"}, // of chi, on the way to a route
		{"GET", "/", "projects:read", "unlisted"},
	} {
		claims := bearergatetest.InstallationClaims(slices.DeleteFunc([]string{c.scopes}, func(s string) bool { return s == "" })...)
		if c.scopes == "projects:read projects:write" {
			claims.Scopes = []string{"projects:read", "projects:write"}
		}
		r := as(claims)
		r.Method, r.Pattern = c.method, c.pattern
		name := fmt.Sprintf("%s of %q with %q", c.method, c.pattern, c.scopes)
		got, allowed := serve(bearergate.RequireRouteScopes(table), r), serve(bearergate.RequireRouteScopes(table, bearergate.AllowUnlistedRoutes()), r)
		switch c.want {
		case "":
			if !got.Handled || !allowed.Handled {
				t.Errorf("%s: got %d %s, want it to pass", name, got.Status, got.Body)
			}
		case "unlisted":
			if got.Handled || got.Status != 500 || !allowed.Handled {
				t.Errorf("%s: got %d %s, and %d if unlisted routes pass; want 500 and 200", name, got.Status, got.Body, allowed.Status)
			}
		case "refused":
			if got.Status != 500 || allowed.Status != 500 {
				t.Errorf("%s: got %d, and %d if unlisted routes pass; want 500 and 500", name, got.Status, allowed.Status)
			}
		default:
			want := `{"error":"missing_scope","required":"` + c.want + "\"}\n"
			if c.method == "HEAD" {
				want = ""
			}
			if got.Handled || got.Body != want || got.Status != 403 || allowed.Body != want {
				t.Errorf("%s: got %d %s, want %s", name, got.Status, got.Body, want)
			}
		}
	}
	refuses(t, bearergate.RequireRouteScopes(table, bearergate.AllowUnlistedRoutes()), get(""), bearergate.ErrServerError)
}

// Rules: S4.22.
func TestTableIsCopied(t *testing.T) {
	table := bearergate.RouteScopes{"GET /x": {"read"}}
	guard := bearergate.RequireRouteScopes(table)
	table["GET /x"][0] = "other"
	delete(table, "GET /x")
	r := as(bearergatetest.InstallationClaims())
	r.Pattern = "GET /x"
	if got := serve(guard, r); got.Body != `{"error":"missing_scope","required":"read"}`+"\n" {
		t.Errorf("got %s", got.Body)
	}
}

func TestTablesThatCannotBePanic(t *testing.T) {
	for name, table := range map[string]bearergate.RouteScopes{
		"empty":                      {},
		"method in lower case":       {"get /x": nil},
		"parameter with a colon":     {"GET /x/:id": nil},
		"star":                       {"GET /x/*": nil},
		"no path":                    {"GET": nil},
		"two spaces":                 {"GET /x y": nil},
		"no scope":                   {"GET /x": {""}},
		"two names of a parameter":   {"GET /x/{a}": nil, "GET /x/{b}": nil},
		"two spellings of the rest":  {"GET /x/": nil, "GET /x/{rest...}": nil},
		"two spellings of the space": {"GET /x": nil, "GET\t/x": nil},
	} {
		t.Run(name, func(t *testing.T) { panics(t, func() { bearergate.RequireRouteScopes(table) }) })
	}
}
