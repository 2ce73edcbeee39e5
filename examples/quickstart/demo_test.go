package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/reference"
)

// newSite returns what is served: the API, the reference and the demo.
func newSite(t *testing.T) http.Handler {
	t.Helper()
	site, err := newTestAPIAt(t, testBase, time.Hour).withReference(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return site
}

func sendExample(h http.Handler, e reference.Example) *http.Response {
	method := e.Method
	if method == "" {
		method = "GET"
	}
	r := httptest.NewRequest(method, e.Path, strings.NewReader(e.Body))
	for name, value := range e.Header {
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

// checkExample compares the answer to an example with the row of its code.
func checkExample(t *testing.T, h http.Handler, code bearergate.Code, e reference.Example) {
	t.Helper()
	resp := sendExample(h, e)
	body, _ := io.ReadAll(resp.Body)
	help := fmt.Sprintf(`<%s/#%s>; rel="help"`, testBase, code)
	if resp.StatusCode != code.Status() || !strings.HasPrefix(string(body), fmt.Sprintf("{\"error\":%q", code)) || resp.Header.Get("Link") != help {
		t.Errorf("%s: got %s %s and Link: %s, want %d and %s", code, resp.Status, body, resp.Header.Get("Link"), code.Status(), help)
	}
}

// TestEveryExampleIsAnsweredWithItsCode sends each many times at once.
//
// Rules: S1.37.
func TestEveryExampleIsAnsweredWithItsCode(t *testing.T) {
	site := newSite(t)
	for _, code := range bearergate.Codes() {
		if len(examples()[code]) == 0 {
			t.Errorf("%s: got no example", code)
		}
	}
	var visitors sync.WaitGroup
	for range 100 {
		visitors.Go(func() {
			for code, list := range examples() {
				for _, e := range list {
					checkExample(t, site, code, e)
				}
			}
		})
	}
	visitors.Wait()
}

// TestExamplesAreTrueForAnyNumberOfVisitors has more of them in a minute than the budget
// of an installation.
func TestExamplesAreTrueForAnyNumberOfVisitors(t *testing.T) {
	site := newSite(t)
	e := examples()[bearergate.ErrMissingScope][0]
	for range bearergate.DefaultRequestsPerMinute {
		sendExample(site, e)
	}
	checkExample(t, site, bearergate.ErrMissingScope, e)
}

func TestExamplesAreTrueOnTheNextDay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		site := newSite(t)
		for range 2 {
			for code, list := range examples() {
				for _, e := range list {
					checkExample(t, site, code, e)
				}
			}
			time.Sleep(24 * time.Hour)
		}
	})
}

// TestDemoIsNoWayIntoTheAPI has everybody know what the page shows.
func TestDemoIsNoWayIntoTheAPI(t *testing.T) {
	site := newSite(t)
	for _, token := range []string{readerToken, oneProjectToken, expiredToken, busyToken, unreachableToken, revokedToken, deletedToken} {
		for _, r := range [][2]string{{"GET", projects}, {"POST", translations}, {"POST", mintPath(acmeGrant)}, {"DELETE", strings.TrimSuffix(mintPath(acmeGrant), "/tokens")}} {
			if got := send(site, "192.0.2.1", r[0], r[1], nil, "Bearer "+token); got.StatusCode != http.StatusUnauthorized {
				t.Errorf("%s %s with %s: got %s, want 401", r[0], r[1], token, got.Status)
			}
		}
	}
	for _, path := range []string{authorizePath, mintPath(acmeGrant), "/jwks.json", "/"} {
		for _, method := range []string{"GET", "POST"} {
			if got := send(site, "192.0.2.1", method, demoPath+path, nil, "Bearer "+readerToken); got.StatusCode != http.StatusNotFound {
				t.Errorf("%s %s of the demo: got %s, want 404", method, path, got.Status)
			}
		}
	}
	code := codeOf(t, answerTo(site, request(), consents()))
	form := authorization{code, exampleVerifier}.exchange()
	if got := send(site, "192.0.2.1", "POST", demoPath+tokenPath, form, basic(clientSecret)); got.StatusCode != http.StatusUnauthorized {
		t.Errorf("a code of the API at the demo: got %s, want 401", got.Status)
	}
	if got := redeem(site, code); got.StatusCode != http.StatusOK {
		t.Errorf("the code at the API: got %s, want 200", got.Status)
	}
}

func TestDemoChangesNothingForTheAPI(t *testing.T) {
	site := newSite(t)
	for range 500 {
		for _, list := range examples() {
			for _, e := range list {
				sendExample(site, e)
			}
		}
	}
	if got := redeem(site, codeOf(t, answerTo(site, request(), consents()))); got.StatusCode != http.StatusOK {
		t.Errorf("the API from the address of a visitor: got %s, want 200", got.Status)
	}
}

func TestReferenceIsServedAtTheRootAlone(t *testing.T) {
	site := newSite(t)
	if got := send(site, "192.0.2.1", "GET", "/", nil, ""); got.StatusCode != http.StatusOK || !strings.HasPrefix(got.Header.Get("Content-Type"), "text/html") {
		t.Errorf("/: got %s %s, want the page", got.Status, got.Header.Get("Content-Type"))
	}
	for _, path := range []string{"/index.html", "/v1", "/made-up"} {
		if got := send(site, "192.0.2.1", "GET", path, nil, ""); got.StatusCode != http.StatusNotFound {
			t.Errorf("%s: got %s, want 404", path, got.Status)
		}
	}
}

// TestReferenceIsServedBesideADatabase starts the program twice on one file.
func TestReferenceIsServedBesideADatabase(t *testing.T) {
	p := newProcess(t, "-db", filepath.Join(t.TempDir(), "app.db"))
	for range 2 {
		p.mustStart(t)
		got, err := p.user().request(t.Context(), "GET", demoPath+projects, "Bearer "+revokedToken)
		if err != nil || got.status != bearergate.ErrGrantRevoked.Status() {
			t.Errorf("got %v, %v, want 410", got, err)
		}
		got, err = p.user().request(t.Context(), "GET", projects, "Bearer "+revokedToken)
		if err != nil || got.status != http.StatusUnauthorized {
			t.Errorf("a token of the demo at the API: got %v, %v, want 401", got, err)
		}
		p.kill()
	}
}
