package routing_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/bearergate/bearergate/routing"
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
	return values(r, routing.SetPattern(r, pattern), names)
}

func values(r *http.Request, matches bool, names []string) routed {
	got := routed{matches, r.Pattern, make([]string, len(names))}
	for i, name := range names {
		got.Values[i] = r.PathValue(name)
	}
	return got
}

// Rules: S4.11.
func FuzzSetPatternDoesAsServeMux(f *testing.F) {
	for _, path := range []string{
		"", "/", "//", "/orgs", "/orgs/", "/orgs//", "/orgs/acme", "/orgs/acme/", "/orgs/acme/projects", "/orgs/acme/projects/", "/orgs/%61cme", "/orgs/%2561cme",
		"/orgs/a%2Fb", "/orgs/acme%2Fprojects", "/orgs/..", "/orgs/%2e%2e", "/orgs/./projects", "/orgs//projects", "/orgs/acme/../x", "/orgs/acme%2F..%2Fx", "/orgs/%00",
		"/orgs/%ff", "/orgs/a+b", "/files/acme/a/b%2Fc", "/files/acme/", "/files/acme", "/files//x", "/files/acme/../x", "/a%20b/acme/A", "/a%20b/acme/%2541", "/orgs/acme/projects/%C3%BCn%c3%af", "*",
		"/%2F", "/%2f", "/orgs/%2F", "/orgs/%2F/x", "/%2F/%2F", "/orgs/acme/%2F", "/files/%2f/x", "/files/acme/%2F", "/orgs/%2F%2F", "/%2F/",
	} {
		f.Add(path)
	}
	f.Fuzz(func(t *testing.T, path string) {
		u, err := url.ParseRequestURI(path)
		if err != nil || u.Host != "" {
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
		if matches := routing.SetPattern(r, "/v{version}.json"); matches != (want != "") || r.PathValue("version") != want {
			t.Errorf("%s: got %q and %v, want %q and %v", path, r.PathValue("version"), matches, want, want != "")
		}
	}
	for _, pattern := range []string{"", "x", "*", "{", "/{", "/{}", "/}{", "/{org", "/{a}{b}", "/{...}"} {
		routing.SetPattern(httptest.NewRequest("GET", "/x", nil), pattern) // does not panic
	}
}

func TestFromColonsIsTheSpellingOfServeMux(t *testing.T) {
	for route, want := range map[string]string{
		"/": "/{$}", "/orgs": "/orgs", "/orgs/": "/orgs/{$}", "/orgs/:org": "/orgs/{org}", "/v:version/x": "/v{version}/x",
		"/files/*": "/files/", "/files/*path": "/files/{path...}", "/*": "/",
		`/orgs/:org/\:publish`: "/orgs/{org}/%3Apublish", `/a\:b`: "/a:b", `/\:a\:b`: "/%3Aa:b",
	} {
		if got := routing.FromColons(route); got != want {
			t.Errorf("%s: got %s, want %s", route, got, want)
		}
	}
}

// TestEscapedColonIsItself is a route whose colon stands for itself, in both ways
// to spell it in a URL.
func TestEscapedColonIsItself(t *testing.T) {
	for _, path := range []string{"/orgs/acme/:publish", "/orgs/acme/%3Apublish", "/orgs/acme/%3apublish"} {
		r := httptest.NewRequest("POST", path, nil)
		if ok := routing.SetPattern(r, routing.FromColons(`/orgs/:org/\:publish`)); !ok || r.PathValue("org") != "acme" {
			t.Errorf("%s: got org %q and %v, want acme and true", path, r.PathValue("org"), ok)
		}
	}
}
