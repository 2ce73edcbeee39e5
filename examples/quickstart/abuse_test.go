package main

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

const testBase = "http://127.0.0.1:8080"

func newTestAPI(t *testing.T) (*api, http.Handler) {
	t.Helper()
	a := newTestAPIAt(t, testBase, time.Hour)
	return a, a.Handler()
}

// newTestAPIAt returns an API in memory.
func newTestAPIAt(t *testing.T, base string, lifetime time.Duration) *api {
	t.Helper()
	logger := slog.New(slog.DiscardHandler)
	s, err := newStores(t.Context(), logger, "", "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	a, err := newAPI(t.Context(), logger, base, lifetime, s)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// request returns a good authorization request, with changes by name and value. An
// empty value removes a parameter.
func request(changes ...string) url.Values {
	sum := sha256.Sum256([]byte(exampleVerifier))
	query := url.Values{
		"response_type": {"code"}, "client_id": {clientID}, "redirect_uri": {callback}, "scope": {readProjects}, "state": {"s"},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])}, "code_challenge_method": {"S256"},
	}
	for i := 0; i < len(changes); i += 2 {
		if query.Set(changes[i], changes[i+1]); changes[i+1] == "" {
			query.Del(changes[i])
		}
	}
	return query
}

// send sends a form, or nothing if it is nil, from an address.
func send(h http.Handler, addr, method, target string, form url.Values, authorization string) *http.Response {
	r := httptest.NewRequest(method, target, strings.NewReader(form.Encode()))
	r.RemoteAddr = addr + ":1234"
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if authorization != "" {
		r.Header.Set("Authorization", authorization)
	}
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, r)
	return rec.Result()
}

func consents() url.Values { return url.Values{"password": {password}, "consent": {"yes"}} }

// answerTo returns the redirect of a user who consents.
func answerTo(h http.Handler, query url.Values, form url.Values) *http.Response {
	return send(h, "192.0.2.1", "POST", authorizePath+"?"+query.Encode(), form, "")
}

func codeOf(t *testing.T, resp *http.Response) string {
	t.Helper()
	back, err := resp.Location()
	if err != nil || back.Query().Get("code") == "" {
		t.Fatalf("got %s to %v, want a redirect with a code", resp.Status, back)
	}
	return back.Query().Get("code")
}

func redeem(h http.Handler, code string) *http.Response {
	return send(h, "192.0.2.1", "POST", tokenPath, authorization{code, exampleVerifier}.exchange(), basic(clientSecret))
}

// TestRequestsOfStrangersChangeNothingForOthers sends more than the store keeps codes
// of a user, so that a code of others would be forgotten if one of them were stored.
func TestRequestsOfStrangersChangeNothingForOthers(t *testing.T) {
	_, h := newTestAPI(t)
	waiting := codeOf(t, answerTo(h, request(), consents()))
	for name, c := range map[string]struct {
		method string
		query  url.Values
		form   url.Values
	}{
		"a good request":               {"GET", request(), nil},
		"HEAD":                         {"HEAD", request(), nil},
		"a consent without a password": {"POST", request(), url.Values{"consent": {"yes"}}},
		"a wrong password":             {"POST", request(), url.Values{"consent": {"yes"}, "password": {"guessed"}}},
		"the password in the query":    {"GET", request("password", password, "consent", "yes"), nil},
		"no response_type":             {"GET", request("response_type", ""), nil},
		"a bad request of the user's":  {"POST", request("response_type", ""), consents()},
	} {
		for i := range 2000 {
			resp := send(h, fmt.Sprintf("198.51.%d.%d", i/250, i%250), c.method, authorizePath+"?"+c.query.Encode(), c.form, "")
			if back, _ := resp.Location(); back != nil && back.Query().Has("code") {
				t.Fatalf("%s: got a redirect to %s, want no code", name, back)
			}
		}
	}
	if resp := redeem(h, waiting); resp.StatusCode != 200 {
		t.Errorf("a code from before: got %s, want 200", resp.Status)
	}
	if resp := redeem(h, codeOf(t, answerTo(h, request(), consents()))); resp.StatusCode != 200 {
		t.Errorf("a code from after: got %s, want 200", resp.Status)
	}
}

func TestPasswordIsReadFromTheBodyOnly(t *testing.T) {
	_, h := newTestAPI(t)
	query := request("password", password, "consent", "yes")
	if resp := answerTo(h, query, url.Values{}); resp.StatusCode != 401 {
		t.Errorf("got %s, want 401", resp.Status)
	}
}

func TestRedirectCarriesWhatTheRequestAskedFor(t *testing.T) {
	_, h := newTestAPI(t)
	no := url.Values{"password": {password}, "consent": {"no"}}
	for name, c := range map[string]struct {
		query, form url.Values
		to          string
		want        url.Values
	}{
		"a code":                {request(), consents(), callback, url.Values{"code": {"…"}, "state": {"s"}}},
		"no state":              {request("state", ""), consents(), callback, url.Values{"code": {"…"}}},
		"no redirect_uri":       {request("redirect_uri", ""), consents(), callback, url.Values{"code": {"…"}, "state": {"s"}}},
		"another port":          {request("redirect_uri", "http://127.0.0.1:5/callback"), consents(), "http://127.0.0.1:5/callback", url.Values{"code": {"…"}, "state": {"s"}}},
		"no consent":            {request(), no, callback, url.Values{"error": {"access_denied"}, "state": {"s"}}},
		"no consent, no state":  {request("state", ""), no, callback, url.Values{"error": {"access_denied"}}},
		"no response_type":      {request("response_type", ""), consents(), callback, url.Values{"error": {"invalid_request"}, "state": {"s"}}},
		"another response_type": {request("response_type", "token"), consents(), callback, url.Values{"error": {"unsupported_response_type"}, "state": {"s"}}},
		"PKCE by plain":         {request("code_challenge_method", "plain"), consents(), callback, url.Values{"error": {"invalid_request"}, "state": {"s"}}},
	} {
		resp := answerTo(h, c.query, c.form)
		back, err := resp.Location()
		if err != nil || resp.StatusCode != http.StatusSeeOther {
			t.Errorf("%s: got %s, %v, want a redirect", name, resp.Status, err)
			continue
		}
		got := back.Query()
		if got.Has("code") {
			got.Set("code", "…")
		}
		c.want.Set("iss", testBase)
		if back.RawQuery = ""; back.String() != c.to {
			t.Errorf("%s: got a redirect to %s, want %s", name, back, c.to)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestNothingRedirectsToWhatIsNotRegistered(t *testing.T) {
	_, h := newTestAPI(t)
	for _, query := range []url.Values{
		request("redirect_uri", "https://evil.example/"), request("redirect_uri", "/oauth/"), request("redirect_uri", callback+"/2"),
		request("client_id", "app-2"), request("client_id", ""), request("client_id", "", "redirect_uri", ""),
	} {
		for method, form := range map[string]url.Values{"GET": nil, "POST": consents()} {
			resp := send(h, "192.0.2.1", method, authorizePath+"?"+query.Encode(), form, "")
			if resp.StatusCode != 400 || resp.Header.Get("Location") != "" {
				t.Errorf("%s ?%s: got %s to %q, want 400", method, query.Encode(), resp.Status, resp.Header.Get("Location"))
			}
		}
	}
}

func TestConsentPageShowsTheScopesAsText(t *testing.T) {
	_, h := newTestAPI(t)
	resp := send(h, "192.0.2.1", "GET", authorizePath+"?"+request("scope", "<script>").Encode(), nil, "")
	page, _ := io.ReadAll(resp.Body)
	if text := string(page); resp.StatusCode != 200 || strings.Contains(text, "<script>") || !strings.Contains(text, "&lt;script&gt;") {
		t.Errorf("got %s\n%s\nwant the scope as text", resp.Status, text)
	}
	if got := resp.Header.Get("Content-Security-Policy"); !strings.Contains(got, "frame-ancestors 'none'") {
		t.Errorf("got the policy %q, want no frames", got)
	}
}

// TestWrongGuessesEndIn429 has 100 guesses a minute.
func TestWrongGuessesEndIn429(t *testing.T) {
	for name, guess := range map[string]func(h http.Handler, addr string) *http.Response{
		"client secrets": func(h http.Handler, addr string) *http.Response {
			return send(h, addr, "POST", tokenPath, authorization{"code", exampleVerifier}.exchange(), basic("wrong"))
		},
		"codes": func(h http.Handler, addr string) *http.Response {
			return send(h, addr, "POST", tokenPath, authorization{"code", exampleVerifier}.exchange(), basic(clientSecret))
		},
		"passwords": func(h http.Handler, addr string) *http.Response {
			return send(h, addr, "POST", authorizePath+"?"+request().Encode(), url.Values{"password": {"wrong"}}, "")
		},
	} {
		_, h := newTestAPI(t)
		code := codeOf(t, answerTo(h, request(), consents()))
		got := make(map[int]int)
		for range 2000 {
			got[guess(h, "203.0.113.9").StatusCode]++
		}
		if got[401] > 100 || got[401] == 0 || got[401]+got[429] != 2000 {
			t.Errorf("%s: got %v, want at most 100 times 401, then 429", name, got)
		}
		if resp := redeem(h, code); resp.StatusCode != 200 {
			t.Errorf("%s: another address got %s, want 200", name, resp.Status)
		}
	}
}

func TestMetadataNamesBothEndpoints(t *testing.T) {
	_, h := newTestAPI(t)
	for _, path := range []string{"/.well-known/oauth-authorization-server", "/.well-known/openid-configuration"} {
		var got map[string]any
		if err := json.NewDecoder(send(h, "192.0.2.1", "GET", path, nil, "").Body).Decode(&got); err != nil {
			t.Fatal(err)
		}
		for name, want := range map[string]any{
			"issuer": testBase, "authorization_endpoint": testBase + "/oauth/authorize", "token_endpoint": testBase + "/oauth/token",
			"jwks_uri": testBase + "/jwks.json", "authorization_response_iss_parameter_supported": true,
			"code_challenge_methods_supported": []any{"S256"}, "response_types_supported": []any{"code"},
			"grant_types_supported":                 []any{"authorization_code", "refresh_token"},
			"token_endpoint_auth_methods_supported": []any{"client_secret_basic", "client_secret_post"},
		} {
			if diff := cmp.Diff(want, got[name]); diff != "" {
				t.Errorf("%s: %s (-want +got):\n%s", path, name, diff)
			}
		}
	}
}

// pipes is a listener of connections in memory, whose deadlines synctest knows.
type pipes chan net.Conn

func (p pipes) Accept() (net.Conn, error) {
	c, ok := <-p
	if !ok {
		return nil, net.ErrClosed
	}
	return c, nil
}

func (p pipes) Close() error   { return nil }
func (p pipes) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 8080} }

type addressed struct{ net.Conn }

func (addressed) RemoteAddr() net.Addr { return &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 1234} }

func TestSlowRequestsEnd(t *testing.T) {
	const post = "POST /oauth/token HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 60000\r\n"
	_, h := newTestAPI(t)
	for name, start := range map[string]string{
		"nothing": "", "a header without end": "GET / HTTP/1.1\r\nX: ", "a body that drips": post + "\r\n",
		"a consent that drips": strings.Replace(post, tokenPath, authorizePath+"?"+request().Encode(), 1) + "\r\n",
	} {
		synctest.Test(t, func(t *testing.T) {
			listener := make(pipes)
			server := newServer(h)
			go server.Serve(listener)
			ours, theirs := net.Pipe()
			began := time.Now()
			listener <- addressed{theirs}
			var client sync.WaitGroup
			client.Go(func() { // a byte a second, for ever
				for text := start; ; text = "x" {
					if _, err := io.WriteString(ours, text); err != nil {
						return
					}
					time.Sleep(time.Second)
				}
			})
			io.Copy(io.Discard, ours)
			if took := time.Since(began); took > 15*time.Second {
				t.Errorf("%s: got its end after %v, want 15s at most", name, took)
			}
			ours.Close()
			client.Wait()
			close(listener)
			server.Close()
		})
	}
}

// TestReplayedCodeEndsAllThatWasIssuedForIt has somebody exchange a code again that
// the app has exchanged.
func TestReplayedCodeEndsAllThatWasIssuedForIt(t *testing.T) {
	a, _, base, _ := serve(t, time.Hour)
	tour := newTour(a, base)
	used, connected, err := tour.connect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	h := a.Handler()
	mint := func() *http.Response {
		return send(h, "192.0.2.1", "POST", mintPath(acmeGrant), nil, "Bearer "+connected.AccessToken)
	}
	var minted struct {
		Token string `json:"token"`
	}
	json.NewDecoder(mint().Body).Decode(&minted)
	read := func() *http.Response { return send(h, "192.0.2.1", "GET", projects, nil, "Bearer "+minted.Token) }
	if got := read(); got.StatusCode != 200 {
		t.Errorf("before the replay: got %s, want 200", got.Status)
	}
	if _, err := tour.tokens(t.Context(), used.exchange()); err == nil {
		t.Error("got tokens for a used code, want none")
	}
	for what, got := range map[string]*http.Response{
		"the installation token": read(), "the access token": mint(),
		"the refresh token": send(h, "192.0.2.1", "POST", tokenPath, refreshing(connected.RefreshToken), basic(clientSecret)),
	} {
		if got.StatusCode != 401 {
			t.Errorf("%s: got %s, want 401", what, got.Status)
		}
	}
}

// TestGuessesThatWaitAreLimitedToo has one address begin 500 consents, and send their
// bodies together: the budget of 100 guesses a minute was there when each began. The last
// guess is right.
func TestGuessesThatWaitAreLimitedToo(t *testing.T) {
	_, h := newTestAPI(t)
	const guesses = 500
	var bodies []*io.PipeWriter
	var answers []chan int
	for range guesses {
		body, w := io.Pipe()
		r := httptest.NewRequest("POST", authorizePath+"?"+request().Encode(), body)
		r.RemoteAddr = "203.0.113.9:1234"
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		answer := make(chan int, 1)
		go func() {
			rec := httptest.NewRecorder()
			h.ServeHTTP(rec, r)
			answer <- rec.Code
		}()
		w.Write([]byte("consent=yes&")) // returns when the page reads its form
		bodies, answers = append(bodies, w), append(answers, answer)
	}
	for i, w := range bodies {
		guess := url.Values{"password": {"wrong"}}
		if i == guesses-1 {
			guess.Set("password", password)
		}
		io.Copy(w, strings.NewReader(guess.Encode()))
		w.Close()
		got := <-answers[i]
		if i == guesses-1 && got != http.StatusTooManyRequests {
			t.Errorf("the right guess after %d wrong ones: got %d, want 429", guesses-1, got)
		}
	}
}
