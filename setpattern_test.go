package bearergate_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"testing"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/bearergatetest"
	"github.com/google/go-cmp/cmp"
)

// patterns are each http.ServeMux's only one.
var patterns = map[string][]string{
	"/":                        nil,
	"/{$}":                     nil,
	"/orgs":                    nil,
	"/orgs/":                   nil,
	"/orgs/{$}":                nil,
	"/orgs/{org}":              {"org"},
	"/orgs/{org}/":             {"org"},
	"/orgs/{org}/{$}":          {"org"},
	"/orgs/{org}/projects":     {"org"},
	"/orgs/{org}/{id}":         {"org", "id"},
	"/{org}":                   {"org"},
	"/{org...}":                {"org"},
	"/files/{org}/{path...}":   {"org", "path"},
	"/a%20b/{org}/%41":         {"org"},
	"/orgs/{org}/projects/ünï": {"org"},
}

// routed is what a router makes of a request.
type routed struct {
	Matches bool
	Pattern string
	Values  []string
}

func byServeMux(pattern string, names []string, u *url.URL) (got routed) {
	mux := http.NewServeMux()
	mux.HandleFunc(pattern, func(_ http.ResponseWriter, r *http.Request) { got = values(r, true, names) })
	r := httptest.NewRequest("GET", "/", nil)
	r.URL = u
	mux.ServeHTTP(httptest.NewRecorder(), r)
	if !got.Matches {
		got = routed{false, pattern, make([]string, len(names))}
	}
	return got
}

func bySetPattern(pattern string, names []string, u *url.URL) routed {
	r := httptest.NewRequest("GET", "/", nil)
	r.URL = u
	for _, name := range names {
		r.SetPathValue(name, "of a router outside")
	}
	return values(r, bearergate.SetPattern(r, pattern), names)
}

func values(r *http.Request, matches bool, names []string) routed {
	got := routed{matches, r.Pattern, make([]string, len(names))}
	for i, name := range names {
		got.Values[i] = r.PathValue(name)
	}
	return got
}

// encodedSlash is a segment that is nothing else, which net/http takes for the
// end of a path.
var encodedSlash = regexp.MustCompile(`(?i)/%2f(/|\?|$)`)

func FuzzSetPatternDoesAsServeMux(f *testing.F) {
	for _, path := range []string{
		"", "/", "//", "/orgs", "/orgs/", "/orgs//", "/orgs/acme", "/orgs/acme/", "/orgs/acme/projects", "/orgs/acme/projects/", "/orgs/%61cme", "/orgs/%2561cme",
		"/orgs/a%2Fb", "/orgs/acme%2Fprojects", "/orgs/..", "/orgs/%2e%2e", "/orgs/./projects", "/orgs//projects", "/orgs/acme/../x", "/orgs/acme%2F..%2Fx", "/orgs/%00",
		"/orgs/%ff", "/orgs/a+b", "/files/acme/a/b%2Fc", "/files/acme/", "/files/acme", "/files//x", "/files/acme/../x", "/a%20b/acme/A", "/a%20b/acme/%2541", "/orgs/acme/projects/%C3%BCn%c3%af", "*",
	} {
		f.Add(path)
	}
	f.Fuzz(func(t *testing.T, path string) {
		u, err := url.ParseRequestURI(path)
		if err != nil || u.Host != "" || encodedSlash.MatchString(path) {
			return
		}
		for pattern, names := range patterns {
			want, got := byServeMux(pattern, names, u), bySetPattern(pattern, names, u)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%q for %s (-net/http +got):\n%s", path, pattern, diff)
			}
		}
	})
}

func TestTextAroundAParameterIsNoPartOfIt(t *testing.T) {
	for path, want := range map[string]string{"/v1.json": "1", "/v%31.json": "1", "/v.json": "", "/1.json": "", "/v1": "", "/v1.json/": ""} {
		r := httptest.NewRequest("GET", path, nil)
		if matches := bearergate.SetPattern(r, "/v{version}.json"); matches != (want != "") || r.PathValue("version") != want {
			t.Errorf("%s: got %q, %v", path, r.PathValue("version"), matches)
		}
	}
	for _, pattern := range []string{"", "x", "*", "{", "/{", "/{}", "/}{", "/{org", "/{a}{b}", "/{...}"} {
		bearergate.SetPattern(httptest.NewRequest("GET", "/x", nil), pattern) // does not panic
	}
}

func TestPathValueIsOneSegment(t *testing.T) {
	orgOf := bearergate.RequireOrg(bearergate.PathValue("org"))
	claims := bearergatetest.Claims()
	mux := http.NewServeMux()
	for _, pattern := range []string{"/orgs/{org}", "/orgs/{org}/{path...}", "/rest/{org...}", "/none/{orgs}/{o}"} {
		mux.Handle(pattern, orgOf(listProjects))
	}
	for _, c := range []struct {
		path, organization string
		want               bearergate.Code
	}{
		{"/orgs/acme", "acme", ""},
		{"/orgs/%61cme", "acme", ""},
		{"/orgs/a%00", "a\x00", ""},
		{"/orgs/acme/a%2Fb/..%2F", "acme", ""},
		{"/rest/acme", "acme", ""},
		{"/orgs/%2561cme", "acme", bearergate.ErrWrongOrganization},
		{"/orgs/a%2Fb", "a/b", bearergate.ErrInvalidRequest},
		{"/orgs/%2e%2e", "..", bearergate.ErrInvalidRequest},
		{"/orgs/%2E", ".", bearergate.ErrInvalidRequest},
		{"/rest/a/b", "a/b", bearergate.ErrInvalidRequest},
		{"/rest/", "", bearergate.ErrInvalidRequest},
		{"/none/acme/acme", "acme", bearergate.ErrServerError},
	} {
		claims.OrganizationID = c.organization
		r := as(claims)
		r.URL, _ = url.ParseRequestURI(c.path)
		got := httptest.NewRecorder()
		mux.ServeHTTP(got, r)
		if want := max(c.want.Status(), 200); c.want == "" && got.Code != 200 || c.want != "" && got.Code != want {
			t.Errorf("%s: got %d %s, want %q", c.path, got.Code, got.Body, c.want)
		}
	}
}

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
		{"GET", "GET /v1/projects/{other}", "projects:read", "unlisted"},
		{"GET", "GET /v1/projects/7", "projects:read", "unlisted"},
		{"DELETE", "DELETE /v1/projects/{id}", "projects:read", "projects:write"},
		{"DELETE", "/v1/projects/{id}", "projects:read projects:write", ""},
		{"POST", "/v1/projects/{id}", "projects:read projects:write", "unlisted"},
		{"get", "/v1/projects/{id}", "projects:read", "unlisted"},
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
		{"GET", "", "projects:read", "unlisted"},
		{"GET", "/", "projects:read", "unlisted"},
	} {
		claims := bearergatetest.Claims(slices.DeleteFunc([]string{c.scopes}, func(s string) bool { return s == "" })...)
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
				t.Errorf("%s: got %d %s", name, got.Status, got.Body)
			}
		case "unlisted":
			if got.Handled || got.Status != 500 || !allowed.Handled {
				t.Errorf("%s: got %d %s, and where unlisted routes pass %d", name, got.Status, got.Body, allowed.Status)
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

func TestTableIsCopied(t *testing.T) {
	table := bearergate.RouteScopes{"GET /x": {"read"}}
	guard := bearergate.RequireRouteScopes(table)
	table["GET /x"][0] = "other"
	delete(table, "GET /x")
	r := as(bearergatetest.Claims())
	r.Pattern = "GET /x"
	if got := serve(guard, r); got.Body != `{"error":"missing_scope","required":"read"}`+"\n" {
		t.Errorf("got %s", got.Body)
	}
}
