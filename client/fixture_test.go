package client_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/client"
	"github.com/google/go-cmp/cmp"
)

// The routes of a service, as its journal names them.
const (
	refresh = "refresh" // POST /token
	mint    = "mint"    // POST /installations/grant-1/tokens
	leave   = "leave"   // DELETE /installations/grant-1
	read    = "read"    // any other path
)

// origin is where a service is.
const origin = "https://api.example"

// service is an API in memory with one grant, grant-1. It is the Base of the
// transports that talk to it, so that a test runs in the fake time of synctest. It
// numbers the tokens that it issues: refresh-1, access-1, installation-1.
type service struct {
	connections client.ConnectionStore // knows user-1, with refresh-1
	lifetime    time.Duration          // of access and installation tokens
	kind        string                 // of the tokens that the API accepts

	mu      sync.Mutex
	issued  map[string]int // how many tokens of a kind
	ends    map[string]time.Time
	retired time.Time // when the last refresh token was replaced
	used    bool      // something that was issued with the last refresh token
	reused  int       // refresh tokens that came later than is good
	revoked bool      // the grant

	challenge string   // of the authorization request
	journal   []string // the routes that were asked
	faults    map[string][]answer
	deaths    int // how often Config.Dead was called
}

// answer is what a service sends in place of its own answer.
type answer func(*http.Request) (*http.Response, error)

// inFakeTime runs a test, and waits for what it left to run in the background.
func inFakeTime(t *testing.T, test func(*testing.T)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		test(t)
		time.Sleep(time.Minute)
	})
}

func newService(lifetime time.Duration) *service {
	s := &service{
		connections: database{new(client.MemoryConnections)}, lifetime: lifetime, kind: "installation",
		issued: map[string]int{"refresh": 1}, ends: map[string]time.Time{}, faults: map[string][]answer{},
	}
	s.save(client.Connection{GrantID: "grant-1", RefreshToken: "refresh-1"})
	return s
}

// database is a store that has no effect when the context has ended, as one over a
// network.
type database struct{ client.ConnectionStore }

func (d database) Load(ctx context.Context, id string) (client.Connection, error) {
	if err := ctx.Err(); err != nil {
		return client.Connection{}, err
	}
	return d.ConnectionStore.Load(ctx, id)
}

func (d database) Save(ctx context.Context, id string, c client.Connection) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return d.ConnectionStore.Save(ctx, id, c)
}

func (d database) Lock(ctx context.Context, id string) (func(), error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return d.ConnectionStore.Lock(ctx, id)
}

// save saves the connection, as an application does.
func (s *service) save(c client.Connection) {
	if err := client.SaveConnection(context.Background(), s.connections, "user-1", c); err != nil {
		panic(err)
	}
}

// transport returns the transport of a process of the app.
func (s *service) transport(t *testing.T, changes ...func(*client.Config)) *client.Transport {
	t.Helper()
	c := client.Config{
		APIURL: origin, TokenURL: origin + "/token", MintURL: origin + "/installations/{grantId}/tokens", RevokeURL: origin + "/installations/{grantId}",
		AuthorizeURL: origin + "/authorize?tenant=a", RedirectURL: "https://app.example/callback",
		ClientID: "app", ClientSecret: "secret", Connections: s.connections, ConnectionID: "user-1",
		Base: s, Dead: func(error) { s.locked(func() { s.deaths++ }) },
	}
	for _, change := range changes {
		change(&c)
	}
	transport, err := client.New(c)
	if err != nil {
		t.Fatalf("New: got error %v, want none", err)
	}
	return transport
}

// connected returns a transport that has its tokens, and an empty journal.
func (s *service) connected(t *testing.T) *client.Transport {
	t.Helper()
	transport := s.transport(t)
	wantOK(t, transport)
	s.forget()
	return transport
}

// next has the next requests of a route answered like this, one by one.
func (s *service) next(route string, answers ...answer) {
	s.locked(func() { s.faults[route] = answers })
}

// always has all requests of a route answered like this, until next is called.
func (s *service) always(route string, a answer) {
	s.next(route, slices.Repeat([]answer{a}, 10_000)...)
}

// revoke ends the grant.
func (s *service) revoke() { s.locked(func() { s.revoked = true }) }

func (s *service) forget() { s.locked(func() { s.journal = nil }) }

func (s *service) locked(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
}

func (s *service) stored() client.Connection {
	c, _ := s.connections.Load(context.Background(), "user-1")
	return c
}

// RoundTrip implements [http.RoundTripper].
func (s *service) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	body := ""
	if r.Body != nil {
		text, _ := io.ReadAll(r.Body)
		r.Body.Close()
		body = string(text)
		r = r.Clone(r.Context())
		r.Body = io.NopCloser(strings.NewReader(body)) // for faults that act
	}
	time.Sleep(time.Millisecond) // the network
	resp, err := s.respond(r, body)
	if resp != nil {
		resp.Request = r
	}
	return resp, err
}

func (s *service) respond(r *http.Request, body string) (*http.Response, error) {
	route := routeOf(r)
	if fault := s.asked(route); fault != nil {
		return fault(r)
	}
	return s.serve(r, body)
}

// actOn has the service act on a request to a fault.
func (s *service) actOn(r *http.Request) (*http.Response, error) {
	if r.Body == nil {
		return s.serve(r, "")
	}
	body, _ := io.ReadAll(r.Body)
	return s.serve(r, string(body))
}

// serve answers as a service without faults.
func (s *service) serve(r *http.Request, body string) (*http.Response, error) {
	route := routeOf(r)
	rec := httptest.NewRecorder()
	s.locked(func() {
		switch {
		case r.URL.Host != "api.example":
			panic("a request for " + r.URL.String())
		case route == refresh:
			s.refresh(rec, r, body)
		case route == mint:
			s.mint(rec, r)
		case route == leave:
			s.leave(rec, r)
		default:
			s.read(rec, r, body)
		}
	})
	return rec.Result(), nil
}

func routeOf(r *http.Request) string {
	switch {
	case r.URL.Path == "/token":
		return refresh
	case r.Method == http.MethodDelete:
		return leave
	case strings.HasPrefix(r.URL.Path, "/installations/"):
		return mint
	}
	return read
}

// asked writes the journal, and returns the fault that is due.
func (s *service) asked(route string) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.journal = append(s.journal, route)
	if len(s.faults[route]) == 0 {
		return nil
	}
	fault := s.faults[route][0]
	s.faults[route] = s.faults[route][1:]
	return fault
}

// refresh rotates the refresh token. The one before is answered with the same
// successor for 30 s, and after that until something issued with it was used.
func (s *service) refresh(w http.ResponseWriter, r *http.Request, body string) {
	form, _ := url.ParseQuery(body)
	if form.Get("grant_type") == "authorization_code" {
		s.redeem(w, r, form)
		return
	}
	var sent int
	fmt.Sscanf(form.Get("refresh_token"), "refresh-%d", &sent)
	current := s.issued["refresh"]
	grace := sent == current-1 && (time.Since(s.retired) < 30*time.Second || !s.used)
	switch {
	case s.revoked, sent != current && !grace:
		bearergate.WriteError(w, r, &bearergate.Error{Code: bearergate.ErrInvalidGrant})
		return
	case grace:
		s.reused++
	default:
		s.issued["refresh"]++
		s.retired, s.used = time.Now(), false
	}
	fmt.Fprintf(w, `{"access_token":%q,"token_type":"Bearer","expires_in":%d,"refresh_token":"refresh-%d"}`,
		s.issue("access"), s.lifetime/time.Second, s.issued["refresh"])
}

// redeem exchanges the code "code" for the tokens of a new family.
func (s *service) redeem(w http.ResponseWriter, r *http.Request, form url.Values) {
	sum := sha256.Sum256([]byte(form.Get("code_verifier")))
	if form.Get("code") != "code" || base64.RawURLEncoding.EncodeToString(sum[:]) != s.challenge || form.Get("redirect_uri") != "https://app.example/callback" {
		bearergate.WriteError(w, r, &bearergate.Error{Code: bearergate.ErrInvalidGrant})
		return
	}
	s.revoked = false
	s.issued["refresh"] += 10
	fmt.Fprintf(w, `{"access_token":%q,"token_type":"Bearer","expires_in":%d,"refresh_token":"refresh-%d","grant_id":"grant-1"}`,
		s.issue("access"), s.lifetime/time.Second, s.issued["refresh"])
}

func (s *service) leave(w http.ResponseWriter, r *http.Request) {
	if s.guard(w, r, "access") {
		s.revoked = true
		w.WriteHeader(http.StatusNoContent)
	}
}

func (s *service) mint(w http.ResponseWriter, r *http.Request) {
	if s.guard(w, r, "access") {
		s.used = true
		w.WriteHeader(http.StatusCreated)
		fmt.Fprintf(w, `{"token":%q,"token_type":"Bearer","expires_in":%d}`, s.issue("installation"), s.lifetime/time.Second)
	}
}

func (s *service) read(w http.ResponseWriter, r *http.Request, body string) {
	if s.guard(w, r, s.kind) {
		fmt.Fprint(w, strings.TrimSpace(r.Method+" "+body))
	}
}

func (s *service) issue(kind string) (token string) {
	s.issued[kind]++
	token = fmt.Sprintf("%s-%d", kind, s.issued[kind])
	s.ends[token] = time.Now().Add(s.lifetime)
	return token
}

// guard lets requests with a good token of the kind pass.
func (s *service) guard(w http.ResponseWriter, r *http.Request, kind string) bool {
	token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	switch {
	case !strings.HasPrefix(token, kind) || !time.Now().Before(s.ends[token]):
		bearergate.WriteError(w, r, &bearergate.Error{Code: bearergate.ErrInvalidToken})
	case s.revoked:
		bearergate.WriteError(w, r, &bearergate.Error{Code: bearergate.ErrGrantRevoked})
	default:
		return true
	}
	return false
}

// refuse answers as bearergate does.
func refuse(code bearergate.Code) answer { return refuseFor(code, 0) }

// refuseFor is refuse with a Retry-After.
func refuseFor(code bearergate.Code, retryAfter time.Duration) answer {
	return func(r *http.Request) (*http.Response, error) {
		rec := httptest.NewRecorder()
		bearergate.WriteError(rec, r, &bearergate.Error{Code: code, Required: "admin", RetryAfter: retryAfter})
		return rec.Result(), nil
	}
}

// page answers as something in between may.
func page(status int) answer { return send(status, "text/html", "<html>no</html>") }

func send(status int, contentType, body string) answer {
	return func(*http.Request) (*http.Response, error) {
		return &http.Response{
			StatusCode: status, Header: http.Header{"Content-Type": {contentType}}, Body: io.NopCloser(strings.NewReader(body)),
		}, nil
	}
}

// cut is a network that fails.
func cut(*http.Request) (*http.Response, error) { return nil, io.ErrUnexpectedEOF }

// cutBody is an answer whose body breaks off.
func cutBody(*http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: 200, Header: http.Header{"Content-Type": {"application/json"}}, Body: new(brokenBody)}, nil
}

// withStatus replaces the status of an answer.
func withStatus(status int, a answer) answer {
	return func(r *http.Request) (*http.Response, error) {
		resp, err := a(r)
		resp.StatusCode = status
		return resp, err
	}
}

// ask makes a request and returns the answer in a line.
func ask(transport http.RoundTripper, method string, body io.Reader) (string, error) {
	r, err := http.NewRequest(method, origin+"/resource", body)
	if err != nil {
		return "", err
	}
	resp, err := (&http.Client{Transport: transport}).Do(r)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	return fmt.Sprint(resp.StatusCode, " ", string(text)), err
}

func get(transport http.RoundTripper) error {
	_, err := ask(transport, http.MethodGet, nil)
	return err
}

func wantOK(t *testing.T, transport http.RoundTripper) {
	t.Helper()
	if got, err := ask(transport, http.MethodGet, nil); err != nil || got != "200 GET" {
		t.Errorf("GET: got %q, %v, want 200 GET and no error", got, err)
	}
}

// wantCode wants a request to be refused with this code.
func wantCode(t *testing.T, err error, want bearergate.Code) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("got error %v, want %v", err, want)
	}
}

// wantAsked wants the service to have been asked for these routes, in this order,
// and begins a new journal.
func wantAsked(t *testing.T, s *service, want ...string) {
	t.Helper()
	s.locked(func() {
		if diff := cmp.Diff(want, s.journal); diff != "" {
			t.Errorf("requests: -want +got\n%s", diff)
		}
		s.journal = nil
	})
}

// wantCount wants a route to have been asked so often.
func wantCount(t *testing.T, s *service, route string, least, most int) {
	t.Helper()
	s.locked(func() {
		got := 0
		for _, asked := range s.journal {
			if asked == route {
				got++
			}
		}
		if got < least || got > most {
			t.Errorf("requests to %s: got %d, want %d to %d", route, got, least, most)
		}
	})
}

func wantDeaths(t *testing.T, s *service, want int) {
	t.Helper()
	synctest.Wait() // Dead runs in a goroutine of its own
	s.locked(func() {
		if s.deaths != want {
			t.Errorf("calls of Dead: got %d, want %d", s.deaths, want)
		}
	})
}

// wantTook wants f to take so long, to the second.
func wantTook(t *testing.T, want time.Duration, f func()) {
	t.Helper()
	wantTookUpTo(t, want, want, f)
}

// wantTookUpTo wants f to take a time between the two, to the second.
func wantTookUpTo(t *testing.T, least, most time.Duration, f func()) {
	t.Helper()
	began := time.Now()
	f()
	if got := time.Since(began).Round(time.Second); got < least || got > most {
		t.Errorf("time: got %v, want %v to %v", got, least, most)
	}
}

// together runs f n times at once.
func together(n int, f func()) {
	var all sync.WaitGroup
	for range n {
		all.Go(f)
	}
	all.Wait()
}

// onlyAccess is an app of an API that takes access tokens.
func onlyAccess(s *service) func(*client.Config) {
	s.kind = "access"
	return func(c *client.Config) { c.MintURL = "" }
}

func livesFor(text string, lifetime time.Duration) client.StoredToken {
	now := time.Now()
	return client.StoredToken{Text: text, IssuedAt: now, ExpiresAt: now.Add(lifetime)}
}

// knows makes the service accept the token.
func (s *service) knows(token string, lifetime time.Duration) client.StoredToken {
	s.locked(func() { s.ends[token] = time.Now().Add(lifetime) })
	return livesFor(token, lifetime)
}
