package reference_test

import (
	"crypto/sha256"
	"encoding/base64"
	"html"
	"net/http"
	"net/http/httptest"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/reference"
)

func TestFormatIsNegotiated(t *testing.T) {
	const (
		asHTML, asJSON = "text/html; charset=utf-8", "application/json"
		asMarkdown     = "text/markdown; charset=utf-8"
		asOpenAPI      = "application/vnd.oai.openapi+json"
		none           = ""
	)
	page := newPage(t, complete())
	for accept, want := range map[string]string{
		"":                                    asHTML,
		" , ,":                                asHTML,
		"*/*":                                 asHTML,
		"text/*":                              asHTML,
		"text/*;q=0.1, */*;q=0.2":             asJSON,
		"TEXT/HTML":                           asHTML,
		"application/json":                    asJSON,
		"application/*":                       asJSON,
		"Application/JSON; charset=utf-8":     asJSON,
		"text/markdown":                       asMarkdown,
		asOpenAPI:                             asOpenAPI,
		"application/json, text/html":         asHTML,
		"application/json, text/html;q=0.9":   asJSON,
		"text/html;q=0.1, */*;q=0.2":          asJSON,
		"text/html;q=0, */*":                  asJSON,
		"text/html; Q=0.5 , text/markdown":    asMarkdown,
		"text/*;q=0.3, application/json;q=.2": asHTML,
		"text/html;level=1;q=0.4, application/vnd.oai.openapi+json;q=0.5":                asOpenAPI,
		"text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8":     asHTML,
		"application/json;q=two, text/markdown;q=0.1":                                    asMarkdown,
		"application/json;q=2, text/markdown;q=-1, text/html;q=0.001, image/png;q=1.000": asHTML,
		"application/json;q=NaN, " + asOpenAPI + ";q=0.1":                                asOpenAPI,
		"image/png":                      none,
		"application/problem+json":       none,
		"text/html;q=0":                  none,
		"*/*;q=0":                        none,
		"text/html;q=0, text/*;q=0, a/b": none,
	} {
		w := get(page, "/", "Accept", accept)
		status := http.StatusOK
		if want == none {
			status, want = http.StatusNotAcceptable, "text/plain; charset=utf-8"
		}
		if got := w.Header().Get("Content-Type"); w.Code != status || got != want {
			t.Errorf("Accept: %s: got %d %s, want %d %s", accept, w.Code, got, status, want)
		}
		if got := w.Header().Get("Vary"); got != "Accept" {
			t.Errorf("Accept: %s: got Vary %q, want Accept", accept, got)
		}
	}
	if got := get(page, "/", "Accept", "text/html;q=0.5", "Accept", "application/json").Header().Get("Content-Type"); got != asJSON {
		t.Errorf("two fields: got %s, want %s", got, asJSON)
	}
	if got := get(page, "/").Header().Get("Content-Type"); got != asHTML {
		t.Errorf("no field: got %s, want %s", got, asHTML)
	}
	for name, want := range map[string]string{"html": asHTML, "json": asJSON, "markdown": asMarkdown, "openapi": asOpenAPI, "": asHTML} {
		if got := get(page, "/?format="+name, "Accept", "text/html").Header().Get("Content-Type"); got != want {
			t.Errorf("?format=%s: got %s, want %s", name, got, want)
		}
	}
	if got := get(page, "/?format=yaml").Code; got != http.StatusNotFound {
		t.Errorf("?format=yaml: got %d, want 404", got)
	}
}

func TestOnlyGetAndHeadAreServed(t *testing.T) {
	page := newPage(t, complete())
	for _, method := range []string{"POST", "PUT", "DELETE", "OPTIONS", "MADE-UP"} {
		if w := send(page, method, "/"); w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") != "GET, HEAD" {
			t.Errorf("%s: got %d, Allow %q; want 405, GET, HEAD", method, w.Code, w.Header().Get("Allow"))
		}
	}
	server := httptest.NewServer(page)
	t.Cleanup(server.Close)
	resp, err := http.Head(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if want := int64(get(page, "/").Body.Len()); resp.StatusCode != http.StatusOK || resp.ContentLength != want {
		t.Errorf("HEAD: got %s and a length of %d, want 200 and %d", resp.Status, resp.ContentLength, want)
	}
}

func TestUnchangedPageIsNotSentAgain(t *testing.T) {
	page := newPage(t, complete())
	tags := make(map[string]bool)
	for _, format := range []string{"html", "json", "markdown", "openapi"} {
		tag := get(page, "/?format="+format).Header().Get("Etag")
		tags[tag] = true
		for _, condition := range []string{tag, "W/" + tag, `"other", ` + tag, "*"} {
			if w := get(page, "/?format="+format, "If-None-Match", condition); w.Code != http.StatusNotModified || w.Body.Len() != 0 {
				t.Errorf("%s, If-None-Match: %s: got %d and %d bytes, want 304 and none", format, condition, w.Code, w.Body.Len())
			}
		}
		if w := get(page, "/?format="+format, "If-None-Match", `"other"`); w.Code != http.StatusOK {
			t.Errorf("%s, another tag: got %d, want 200", format, w.Code)
		}
		if got := get(newPage(t, complete()), "/?format="+format).Header().Get("Etag"); got != tag {
			t.Errorf("%s: got the tag %s after a restart, want %s", format, got, tag)
		}
	}
	if len(tags) != 4 || tags[""] {
		t.Errorf("got the tags %v, want one for each format", tags)
	}
}

func TestPolicyAllowsTheOwnStyleAndScriptAlone(t *testing.T) {
	bare := complete()
	bare.Examples = nil
	for name, c := range map[string]struct {
		config  reference.Config
		connect string
	}{
		"with examples":    {complete(), "; connect-src 'self'"},
		"without examples": {bare, ""},
	} {
		w := get(newPage(t, c.config), "/")
		page := w.Body.String()
		want := "default-src 'none'; style-src " + hashOf(t, page, "style") + "; script-src " + hashOf(t, page, "script") + c.connect +
			"; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
		if got := w.Header().Get("Content-Security-Policy"); got != want {
			t.Errorf("%s: got the policy\n%s\nwant\n%s", name, got, want)
		}
		for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"} {
			if got := w.Header().Get(name); got != want {
				t.Errorf("got %s %q, want %q", name, got, want)
			}
		}
		if found := regexp.MustCompile(` (?:src|style|on\w+)=|<(?:link rel="stylesheet|img|form|iframe)`).FindString(page); found != "" {
			t.Errorf("%s: got %q in the page, want nothing that the policy refuses", name, found)
		}
	}
}

// hashOf returns the source expression for the only element of a name.
func hashOf(t *testing.T, page, name string) string {
	t.Helper()
	found := regexp.MustCompile("(?s)<"+name+">(.*?)</"+name+">").FindAllStringSubmatch(page, -1)
	if len(found) != 1 || strings.Count(page, "<"+name) != 1 || len(found[0][1]) < 500 {
		t.Fatalf("got %d elements %s, want one", len(found), name)
	}
	sum := sha256.Sum256([]byte(found[0][1]))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// TestEveryCodeHasASection holds for the link of each error answer.
//
// Rules: S1.37.
func TestEveryCodeHasASection(t *testing.T) {
	page := get(newPage(t, complete()), "/").Body.String()
	for _, code := range bearergate.Codes() {
		_, section, ok := strings.Cut(page, `<section id="`+string(code)+`"`)
		section, _, _ = strings.Cut(section, "</section>")
		if !ok {
			t.Errorf("%s: got no section", code)
			continue
		}
		for _, want := range []string{
			code.Meaning(), code.Remedy(), http.StatusText(code.Status()), `{"error":"` + string(code) + `"`,
			"<https://api.example/errors#" + string(code) + `>; rel="help"`,
		} {
			if !strings.Contains(html.UnescapeString(section), want) {
				t.Errorf("%s: got no %q in its section", code, want)
			}
		}
		for _, language := range []string{"curl", "go", "javascript"} {
			_, snippet, _ := strings.Cut(section, `<figure class="snippet `+language+`"`)
			snippet, _, _ = strings.Cut(snippet, "</code>")
			if len(snippet) < 120 {
				t.Errorf("%s: got the snippet %q in %s, want code", code, snippet, language)
			}
		}
	}
}

func TestPageLeadsToItsOtherFormatsAndScopes(t *testing.T) {
	page := get(newPage(t, complete()), "/").Body.String()
	for _, want := range []string{
		`<a href="?format=openapi">`, `<a href="?format=json">`, `<a href="?format=markdown">`,
		"<code>GET /v1/orgs/{org}/projects</code>", "<code>orgs:write</code> <code>orgs:delete</code>", "any token",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("got no %s in the page", want)
		}
	}
	bare := complete()
	bare.Scopes = nil
	if page := get(newPage(t, bare), "/").Body.String(); strings.Contains(page, "Scopes of the routes") {
		t.Error("got a list of scopes without routes, want none")
	}
}

func TestServingAllocatesLittle(t *testing.T) {
	page := newPage(t, complete())
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8")
	w := discard{make(http.Header)}
	if got := testing.AllocsPerRun(100, func() { page.ServeHTTP(w, r) }); got > 30 {
		t.Errorf("got %v allocations, want 30 at most", got)
	}
}

func TestLongAcceptCostsLittleMemory(t *testing.T) {
	page := newPage(t, complete())
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("Accept", strings.Repeat("a/b,", 250_000))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	page.ServeHTTP(discard{make(http.Header)}, r)
	runtime.ReadMemStats(&after)
	if got := after.TotalAlloc - before.TotalAlloc; got > 1<<20 {
		t.Errorf("got %d bytes for an Accept of 1 MB, want 1 MiB at most", got)
	}
}

func TestVaryOfOthersIsKept(t *testing.T) {
	w := httptest.NewRecorder()
	w.Header().Set("Vary", "Origin")
	newPage(t, complete()).ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	if got := w.Header().Values("Vary"); !slices.Equal(got, []string{"Origin", "Accept"}) {
		t.Errorf("got Vary %q, want Origin and Accept", got)
	}
}

type discard struct{ header http.Header }

func (d discard) Header() http.Header       { return d.header }
func (discard) WriteHeader(int)             {}
func (discard) Write(b []byte) (int, error) { return len(b), nil }
