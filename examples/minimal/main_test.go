package main

import (
	"bytes"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/bearergatetest"
)

func TestErrorTable(t *testing.T) {
	issuer := bearergatetest.NewIssuer()
	api, err := newAPI(issuer.Verifier())
	if err != nil {
		t.Fatal(err)
	}
	bearergatetest.TestErrorTable(t, api, issuer.Mint, bearergatetest.Routes{
		Scopes: bearergate.RouteScopes{"GET /projects": {"projects:read"}},
	})
}

func TestProjectsNeedTheirScope(t *testing.T) {
	issuer := bearergatetest.NewIssuer()
	api, err := newAPI(issuer.Verifier())
	if err != nil {
		t.Fatal(err)
	}
	answer := httptest.NewRecorder()
	api.ServeHTTP(answer, bearergatetest.NewRequest("GET", "/projects", issuer.Token()))
	if answer.Code != http.StatusForbidden {
		t.Errorf("got %d %s, want 403", answer.Code, answer.Body)
	}
}

// The answers and the line of the log in the README are those of this program,
// except the time and the duration.
func TestReadmeHasTheAnswersOfThisProgram(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	issuer := bearergatetest.NewIssuer()
	api, err := newAPI(issuer.Verifier())
	if err != nil {
		t.Fatal(err)
	}
	var logged bytes.Buffer
	log.SetOutput(&logged)
	t.Cleanup(func() { log.SetOutput(os.Stderr) })

	served := httptest.NewServer(api)
	t.Cleanup(served.Close)

	for _, scope := range []string{"projects:read", "projects:write"} {
		token := issuer.Token(bearergatetest.WithScopes(scope), bearergatetest.WithClaim("jti", "token-1"))
		want := indented(answer(t, served.URL, token))
		if !strings.Contains(string(readme), want) {
			t.Errorf("README.md does not have this answer:\n%s", want)
		}
	}
	want := indented(withoutTimes(logged.String()))
	if !strings.Contains(withoutTimes(string(readme)), want) {
		t.Errorf("README.md does not have this line of the log:\n%s", want)
	}
}

// answer returns the answer as curl -i prints it, without its date.
func answer(t *testing.T, url, token string) string {
	t.Helper()
	r := bearergatetest.NewRequest("GET", url+"/projects", token)
	r.RequestURI = ""
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s\n", resp.Proto, resp.Status)
	resp.Header.WriteSubset(&b, map[string]bool{"Date": true})
	b.WriteString("\n")
	if _, err := io.Copy(&b, resp.Body); err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(b.String(), "\r", "")
}

var times = regexp.MustCompile(`\d{4}/\d\d/\d\d \d\d:\d\d:\d\d|duration=[^ \n]+`)

func withoutTimes(s string) string { return times.ReplaceAllString(s, "") }

// indented returns the text as a code block of Markdown.
func indented(s string) string {
	var b strings.Builder
	for line := range strings.Lines(s) {
		if line != "\n" {
			line = "    " + line
		}
		b.WriteString(line)
	}
	return b.String()
}
