package reference_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/bearergatetest"
	"github.com/bearergate/bearergate/reference"
)

// data is the page in JSON.
type data struct {
	Title  string
	Errors []struct {
		Code                    bearergate.Code
		Status, RetryAfter      int
		Meaning, Remedy, Action string
		Answer                  struct {
			Headers map[string]string
			Body    string
		}
	}
	Routes []struct {
		Route  string
		Scopes []string
	}
}

func decode(t *testing.T, page *reference.Page) (d data) {
	t.Helper()
	if err := json.Unmarshal(get(page, "/", "Accept", "application/json").Body.Bytes(), &d); err != nil {
		t.Fatal(err)
	}
	return d
}

func TestJSONIsTheTable(t *testing.T) {
	got := decode(t, newPage(t, complete()))
	if len(got.Errors) != len(bearergate.Codes()) {
		t.Fatalf("got %d errors, want %d", len(got.Errors), len(bearergate.Codes()))
	}
	for i, code := range bearergate.Codes() {
		e := got.Errors[i]
		if e.Code != code || e.Status != code.Status() || e.Meaning != code.Meaning() || e.Remedy != code.Remedy() ||
			e.Action != code.Action().String() || e.RetryAfter != int(code.RetryAfter().Seconds()) {
			t.Errorf("got the error %+v, want the row of %s", e, code)
		}
	}
	want := []string{"DELETE /v1/orgs/{org} orgs:write orgs:delete", "GET /v1/orgs/{org}/projects projects:read", "/v1/me "}
	var routes []string
	for _, r := range got.Routes {
		routes = append(routes, r.Route+" "+strings.Join(r.Scopes, " "))
	}
	want[0], want[1], want[2] = want[2], want[0], want[1] // in the order of the paths
	if diff := cmp.Diff(want, routes); diff != "" {
		t.Errorf("routes (-want +got):\n%s", diff)
	}
}

// TestAnswersAreThoseOfTheAPI compares the page with an API of the same settings.
//
// Rules: S1.17, S1.18, S1.19, S1.32, S1.33, S1.36.
func TestAnswersAreThoseOfTheAPI(t *testing.T) {
	for name, config := range map[string]bearergate.Config{
		"the default": {},
		"every setting": {
			Realm: "translations", DefaultScope: "projects:read", ReferenceURL: "https://api.example/errors",
			ResourceMetadataURL: "https://api.example/.well-known/oauth-protected-resource",
		},
		"a writer of its own": {ErrorWriter: func(w http.ResponseWriter, _ *http.Request, e *bearergate.Error) {
			w.Header().Set("Content-Type", "text/plain")
			w.WriteHeader(e.Code.Status())
			w.Write([]byte("refused: " + e.Code))
		}},
	} {
		c := complete()
		c.Answers = config
		configure, err := bearergate.Configure(config)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range decode(t, newPage(t, c)).Errors {
			want := refuse(configure, e.Code)
			got := make(http.Header)
			for name, value := range e.Answer.Headers {
				got.Set(name, value)
			}
			want.Header().Del("Content-Length")
			if diff := cmp.Diff(want.Header(), got); diff != "" || want.Body.String() != e.Answer.Body {
				t.Errorf("%s, %s: got the body %q, want %q, and the headers (-want +got):\n%s", name, e.Code, e.Answer.Body, want.Body, diff)
			}
		}
	}
}

// refuse answers with a code on a guarded route or, if it is one of the token
// endpoint, without guards.
func refuse(configure bearergate.Middleware, code bearergate.Code) *httptest.ResponseRecorder {
	refusal := &bearergate.Error{Code: code}
	if code == bearergate.ErrMissingScope {
		refusal.Required = "orgs:write"
	}
	handler := http.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { bearergate.Refuse(w, r, refusal) }))
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("Authorization", "Basic eDp5")
	if code != bearergate.ErrInvalidGrant && code != bearergate.ErrInvalidClient {
		issuer := bearergatetest.NewIssuer()
		r.Header.Set("Authorization", "Bearer "+issuer.Token())
		handler = bearergate.RequireToken(issuer.Verifier())(handler)
	}
	w := httptest.NewRecorder()
	configure(handler).ServeHTTP(w, r)
	return w
}

func TestObserverOfTheAPISeesNothingOfThePage(t *testing.T) {
	c := complete()
	c.Answers.Observer = func(_ context.Context, d bearergate.Decision) { t.Errorf("got the decision %v, want none", d) }
	newPage(t, c)
}

// TestMarkdownTablesAreWellFormed has texts that would end a cell or a row.
func TestMarkdownTablesAreWellFormed(t *testing.T) {
	c := complete()
	c.Title = "Errors | of *our* `API` <b> [x](javascript:alert(1))"
	c.Scopes = bearergate.RouteScopes{"GET /a|b/{x}": {"a|b", "`", "<b>", "``x`"}, "GET /c": nil}
	w := get(newPage(t, c), "/", "Accept", "text/markdown")
	tables := make(map[int]int) // rows by columns
	for line := range strings.Lines(w.Body.String()) {
		if !strings.HasPrefix(line, "|") {
			continue
		}
		line = strings.TrimSuffix(line, "\n")
		if !strings.HasPrefix(line, "| ") && !strings.HasPrefix(line, "|---") || !strings.HasSuffix(line, "|") {
			t.Errorf("got the row %q, want bars around it", line)
		}
		tables[strings.Count(strings.ReplaceAll(line, `\|`, ""), "|")-1]++
	}
	if want := map[int]int{4: 2 + len(bearergate.Codes()), 2: 4}; !cmp.Equal(tables, want) {
		t.Errorf("got rows by columns %v, want %v", tables, want)
	}
	for _, want := range []string{
		"# Errors \\| of \\*our\\* \\`API\\` &lt;b&gt; \\[x\\](javascript&#58;alert(1))\n",
		"| `GET /a\\|b/{x}` | `a\\|b` `` ` `` `<b>` ``` ``x` ``` |\n",
		"| `GET /c` | any token |\n",
		"| 429 | [`rate_limited`](#rate_limited) | The budget of requests is used up. | wait |\n",
	} {
		if !strings.Contains(w.Body.String(), want) {
			t.Errorf("got no line %q in\n%s", want, w.Body)
		}
	}
	for _, code := range bearergate.Codes() {
		if !strings.Contains(w.Body.String(), "\n## <a id=\""+string(code)+"\"></a>"+strconv.Itoa(code.Status())+" `"+string(code)+"`\n") {
			t.Errorf("got no heading of %s", code)
		}
	}
}

func TestOpenAPIDescribesEachAnswer(t *testing.T) {
	page := newPage(t, complete())
	var document struct {
		OpenAPI    string
		Components struct {
			SecuritySchemes map[string]map[string]string
			Responses       map[bearergate.Code]struct {
				Description string
				Headers     map[string]struct {
					Schema  map[string]any
					Example any
				}
				Content map[string]struct {
					Schema struct {
						Required   []string
						Properties map[string]map[string]any
					}
					Example map[string]string
				}
			}
		}
	}
	served := get(page, "/", "Accept", "application/vnd.oai.openapi+json").Body.Bytes()
	if !cmp.Equal(served, page.OpenAPI()) {
		t.Error("got another document by Accept than by OpenAPI, want the same")
	}
	if err := json.Unmarshal(served, &document); err != nil {
		t.Fatal(err)
	}
	if got := document.Components.SecuritySchemes["bearer"]; document.OpenAPI != "3.1.1" || got["type"] != "http" || got["scheme"] != "bearer" {
		t.Errorf("got OpenAPI %s and the scheme %v, want 3.1.1 and http bearer", document.OpenAPI, got)
	}
	if got := len(document.Components.Responses); got != len(bearergate.Codes()) {
		t.Errorf("got %d responses, want %d", got, len(bearergate.Codes()))
	}
	for _, e := range decode(t, page).Errors {
		got := document.Components.Responses[e.Code]
		content := got.Content["application/json"]
		if content.Schema.Properties["error"]["const"] != string(e.Code) || content.Example["error"] != string(e.Code) || got.Description == "" {
			t.Errorf("%s: got the response %+v", e.Code, got)
		}
		if wants := e.Code == bearergate.ErrMissingScope; (len(content.Schema.Required) == 2) != wants || (content.Example["required"] != "") != wants {
			t.Errorf("%s: got the content %+v, want \"required\": %t", e.Code, content, wants)
		}
		for name := range e.Answer.Headers {
			if _, ok := got.Headers[name]; ok == (name == "Content-Type") {
				t.Errorf("%s: got the header %s: %t", e.Code, name, ok)
			}
		}
	}
	if got := document.Components.Responses[bearergate.ErrTemporarilyUnavailable].Headers["Retry-After"]; got.Schema["type"] != "integer" || got.Example != 5.0 {
		t.Errorf("got Retry-After %+v, want an integer such as 5", got)
	}
	page.OpenAPI()[0] = 'x'
	if page.OpenAPI()[0] != '{' {
		t.Error("a caller changed the document of the page")
	}
}

// TestOpenAPIHasExamplesOfItsSchemas has writers whose bodies differ from the documented
// ones, or have no type.
func TestOpenAPIHasExamplesOfItsSchemas(t *testing.T) {
	for name, c := range map[string]struct{ body, mediaType, content string }{
		"a list":                {`[1,12345678901234567890]`, "application/json", `{"example":[1,12345678901234567890]}`},
		"no type":               {"refused", "", `{"example":"refused"}`},
		"no scopes":             {`{"error":"missing_scope"}`, "application/json", `{"example":{"error":"missing_scope"}}`},
		"scopes as a list":      {`{"error":"missing_scope","required":["x"]}`, "application/json", `{"example":{"error":"missing_scope","required":["x"]}}`},
		"a type with parameter": {"refused", "text/plain; charset=utf-8", `{"example":"refused"}`},
	} {
		config := complete()
		config.Answers.ErrorWriter = func(w http.ResponseWriter, _ *http.Request, e *bearergate.Error) {
			if c.mediaType != "" {
				w.Header().Set("Content-Type", c.mediaType)
			}
			w.WriteHeader(e.Code.Status())
			w.Write([]byte(c.body))
		}
		var document struct {
			Components struct {
				Responses map[bearergate.Code]struct{ Content map[string]json.RawMessage }
			}
		}
		if err := json.Unmarshal(newPage(t, config).OpenAPI(), &document); err != nil {
			t.Fatal(err)
		}
		var got bytes.Buffer
		mediaType := c.mediaType
		if mediaType == "" {
			mediaType = "text/plain; charset=utf-8" // as net/http says
		}
		json.Compact(&got, document.Components.Responses[bearergate.ErrMissingScope].Content[mediaType])
		if got.String() != c.content {
			t.Errorf("%s: got the content %s of %s, want %s", name, &got, mediaType, c.content)
		}
	}
}

func TestOpenAPIHasNoSchemaForBodiesOfAWriterOfTheAPI(t *testing.T) {
	for name, body := range map[string]string{"JSON": `{"title":"refused"}`, "text": "refused", "nothing": ""} {
		c := complete()
		c.Answers.ErrorWriter = func(w http.ResponseWriter, _ *http.Request, e *bearergate.Error) {
			w.Header().Set("Content-Type", "application/problem+json")
			w.WriteHeader(e.Code.Status())
			w.Write([]byte(body))
		}
		document := string(newPage(t, c).OpenAPI())
		if strings.Contains(document, `"const"`) || strings.Contains(document, `"application/problem+json"`) != (body != "") {
			t.Errorf("%s: got\n%s\nwant an example without schema", name, document)
		}
	}
}
