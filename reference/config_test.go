package reference_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/reference"
)

func TestErrorNamesEveryFault(t *testing.T) {
	_, err := reference.New(reference.Config{
		Title:    "two\nlines",
		APIURL:   "/v1",
		TokenURL: "https://user:secret@auth.example/",
		MintURL:  "https://api.example/#fragment",
		Answers:  bearergate.Config{Realm: `"`},
		Scopes:   bearergate.RouteScopes{"GET": nil, "GET /v1": {"two words"}, "GET /\x00": nil},
		Examples: map[bearergate.Code][]reference.Example{
			"made_up": nil,
			bearergate.ErrForbidden: {
				{Title: "x", Path: "/v1"},
				{Method: "GE T", Path: "//evil.example", Header: map[string]string{"a b": "x", "X": "a\r\nb"}},
				{Title: "x", Path: "/v1", Body: "x"},
			},
		},
	})
	if err == nil {
		t.Fatal("got no error")
	}
	for _, want := range []string{
		"Config.Title", "Config.APIURL", "Config.TokenURL", "Config.MintURL", "Config.Answers", `the route "GET"`, `the scope "two words"`, `the route "GET /\x00"`,
		`the code "made_up"`, `Examples["forbidden"][1]`, "Title is", "Method is", "Path is", `the name "a b"`, `a value of "X"`, `Examples["forbidden"][2]`, "no Body",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("got the error\n%v\nwant %q in it", err, want)
		}
	}
	for _, secret := range []string{"secret", `Examples["forbidden"][0]`} {
		if strings.Contains(err.Error(), secret) {
			t.Errorf("got the error\n%v\nwant nothing of %s", err, secret)
		}
	}
}

func TestExampleIsSentToTheOwnOriginAlone(t *testing.T) {
	for _, path := range []string{"", "v1", "//evil.example/", `/\evil.example/`, "https://evil.example/", "javascript:alert(1)", "/v1#x", "/v1\n", "/v1?a=b c", "/é", "/%zz"} {
		c := complete()
		c.Examples = map[bearergate.Code][]reference.Example{bearergate.ErrForbidden: {{Title: "x", Path: path}}}
		if _, err := reference.New(c); err == nil {
			t.Errorf("%q: got no error, want that it is no path of this origin", path)
		}
	}
	for _, path := range []string{"/", "/v1?a=b", "/v1/%C3%A9", "/v1/a'b"} {
		c := complete()
		c.Examples = map[bearergate.Code][]reference.Example{bearergate.ErrForbidden: {{Title: "x", Path: path}}}
		if _, err := reference.New(c); err != nil {
			t.Errorf("%q: got %v, want none", path, err)
		}
	}
}

// TestExampleHasAMethodThatABrowserSends has methods that a browser refuses, or that it
// changes and curl does not.
func TestExampleHasAMethodThatABrowserSends(t *testing.T) {
	for method, want := range map[string]bool{
		"": true, "GET": true, "PATCH": true, "X-MADE-UP": true, "get": false, "patch": false, "CONNECT": false, "TRACE": false, "TRACK": false,
	} {
		c := complete()
		c.Examples = map[bearergate.Code][]reference.Example{bearergate.ErrForbidden: {{Title: "x", Path: "/", Method: method}}}
		if _, err := reference.New(c); (err == nil) != want {
			t.Errorf("%q: got %v, want it accepted: %t", method, err, want)
		}
	}
}

func TestExampleHasABodyOfText(t *testing.T) {
	for body, want := range map[string]bool{"{\n\t\"é\": 1\r\n}": true, "\x00": false, "\xff": false, "\x1b[31m": false, "a\u202eb": false} {
		c := complete()
		c.Examples = map[bearergate.Code][]reference.Example{bearergate.ErrForbidden: {{Title: "x", Path: "/", Method: "POST", Body: body}}}
		if _, err := reference.New(c); (err == nil) != want {
			t.Errorf("%q: got %v, want it accepted: %t", body, err, want)
		}
	}
}

func TestURLIsOfThePublic(t *testing.T) {
	for _, url := range []string{"", "api.example", "ftp://api.example", "https://", "https://u@api.example", "https://api.example?a", "https://api.example?", "https://api.example#", "javascript:alert(1)", "https://api.example/\u202e"} {
		c := complete()
		c.APIURL = url
		if _, err := reference.New(c); err == nil {
			t.Errorf("%q: got no error", url)
		}
	}
}

// TestWriterKeepsTheStatus has a writer that answers as a proxy might: clients would not
// act on its codes.
func TestWriterKeepsTheStatus(t *testing.T) {
	c := complete()
	c.Answers.ErrorWriter = func(w http.ResponseWriter, r *http.Request, e *bearergate.Error) {
		if e.Code == bearergate.ErrForbidden || e.Code == bearergate.ErrServerError {
			w.WriteHeader(http.StatusTeapot)
			return
		}
		bearergate.WriteError(w, r, e)
	}
	_, err := reference.New(c)
	for _, want := range []string{"answers forbidden with the status 418", "answers server_error with the status 418"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got the error %v, want %q in it", err, want)
		}
	}
}
