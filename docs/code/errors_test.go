package code_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/bearergatetest"
	"github.com/google/go-cmp/cmp"
)

// problem is a problem detail of RFC 9457.
type problem struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Code   string `json:"code"` // an extension member
	Scope  string `json:"scope,omitempty"`
}

func writeProblem(w http.ResponseWriter, r *http.Request, e *bearergate.Error) {
	code := e.Code
	body, err := json.Marshal(problem{
		Type:   "https://docs.example/errors#" + string(code),
		Title:  code.Meaning(),
		Status: code.Status(),
		Code:   string(code),
		Scope:  e.Required,
	})
	if err != nil {
		bearergate.WriteError(w, r, e)
		return
	}
	bearergate.WriteError(&withBody{ResponseWriter: w, contentType: "application/problem+json", body: body}, r, e)
}

// withBody replaces the body of an answer and keeps its status and headers.
type withBody struct {
	http.ResponseWriter
	contentType string
	body        []byte
}

func (w *withBody) WriteHeader(status int) {
	w.Header().Del("Content-Length")
	w.Header().Set("Content-Type", w.contentType)
	w.ResponseWriter.WriteHeader(status)
}

func (w *withBody) Write(b []byte) (int, error) {
	if _, err := w.ResponseWriter.Write(w.body); err != nil {
		return 0, err
	}
	return len(b), nil
}

func configureProblems() (bearergate.Middleware, error) {
	return bearergate.Configure(bearergate.Config{ErrorWriter: writeProblem})
}

func TestProblemKeepsStatusAndChallenge(t *testing.T) {
	issuer := bearergatetest.NewIssuer()
	configure, err := configureProblems()
	if err != nil {
		t.Fatal(err)
	}
	api := bearergate.Chain(configure, bearergate.RequireToken(issuer.Verifier()), bearergate.RequireScope("projects:read"))(ok)
	answer := httptest.NewRecorder()
	api.ServeHTTP(answer, bearergatetest.NewRequest("GET", "/", issuer.Token()))

	var got problem
	if err := json.Unmarshal(answer.Body.Bytes(), &got); err != nil {
		t.Fatalf("got %q: %v", answer.Body, err)
	}
	want := problem{
		Type:   "https://docs.example/errors#missing_scope",
		Title:  bearergate.ErrMissingScope.Meaning(),
		Status: http.StatusForbidden,
		Code:   "missing_scope",
		Scope:  "projects:read",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("problem (-want +got):\n%s", diff)
	}
	challenge := answer.Header().Get("WWW-Authenticate")
	if answer.Code != http.StatusForbidden || challenge != `Bearer realm="api", error="insufficient_scope", scope="projects:read"` {
		t.Errorf("got %d and the challenge %s", answer.Code, challenge)
	}
	if got := answer.Header().Get("Content-Type"); got != "application/problem+json" {
		t.Errorf("got the content type %s, want application/problem+json", got)
	}
}

func TestProblemOfHeadHasNoBody(t *testing.T) {
	configure, err := configureProblems()
	if err != nil {
		t.Fatal(err)
	}
	api := configure(bearergate.RequireToken(bearergatetest.NewIssuer().Verifier())(ok))
	server := httptest.NewServer(api)
	t.Cleanup(server.Close)
	resp, err := http.Head(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusUnauthorized || resp.Header.Get("WWW-Authenticate") == "" {
		t.Errorf("got %s with the headers %v, want 401 with a challenge", resp.Status, resp.Header)
	}
}
