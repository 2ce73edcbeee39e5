package reference_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/reference"
)

// written returns a Config with a text wherever one is.
func written(text, scope string) reference.Config {
	c := complete()
	c.Title = text
	c.Scopes = bearergate.RouteScopes{"GET /" + text: {scope}}
	c.Examples = map[bearergate.Code][]reference.Example{bearergate.ErrForbidden: {{
		Title: text, Method: "POST", Path: "/v1", Header: map[string]string{"X": text}, Body: text,
	}}}
	return c
}

// FuzzTextsAreText has texts that are markup, code and quotes: the page has as many
// tags and quotes as with harmless ones, and the JSON is JSON.
func FuzzTextsAreText(f *testing.F) {
	for _, text := range []string{
		"<script>alert(1)</script>", `"><img src=x onerror=alert(1)>`, "</title></style>", "'; rm -rf / #", "`$(id)`", "${x}", "{{.}}", "-->", "&lt;b&gt;", `\`, "# x", "// x", "{a}{b...}", "@file",
	} {
		f.Add(text, "projects:read")
		f.Add("x", text)
	}
	harmless, err := reference.New(written("x", "x"))
	if err != nil {
		f.Fatal(err)
	}
	want := tally(get(harmless, "/").Body.String())
	f.Fuzz(func(t *testing.T, text, scope string) {
		page, err := reference.New(written(text, scope))
		if err != nil {
			return
		}
		if got := tally(get(page, "/").Body.String()); got != want {
			t.Errorf("%q, %q: got %v of < > \", want %v", text, scope, got, want)
		}
		for _, format := range []string{"json", "openapi"} {
			if body := get(page, "/?format="+format).Body.Bytes(); !json.Valid(body) {
				t.Errorf("%q, %q: got %s, want JSON", text, scope, body)
			}
		}
		if got := strings.Count(get(page, "/?format=markdown").Body.String(), "\n## "); got != 2+len(bearergate.Codes()) {
			t.Errorf("%q, %q: got %d sections in Markdown, want %d", text, scope, got, 2+len(bearergate.Codes()))
		}
	})
}

func tally(page string) (n [3]int) {
	for i, c := range []string{"<", ">", `"`} {
		n[i] = strings.Count(page, c)
	}
	return n
}
