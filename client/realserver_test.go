package client_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/client"
	"github.com/bearergate/bearergate/installation"
	"github.com/bearergate/bearergate/tokenendpoint"
)

// TestNoConnectionIsLostWithTheTokenEndpoint plays schedules of faults against an HTTP
// server with the token endpoint and the routes of package installation, whose store
// fails too.
// Nobody steals a token: a connection is dead only if its grant was revoked.
//
//	BEARERGATE_SCHEDULES=10000 go test -run TestNoConnectionIsLostWithTheTokenEndpoint ./client
//	BEARERGATE_SEED=42 go test -run TestNoConnectionIsLostWithTheTokenEndpoint ./client   # one again
//
// Rules: S7.43, S7.44, S7.45, S7.51, S7.52, S7.61, S7.65, S8.8, S8.15, S8.16, S8.20, S8.34, S8.35.
func TestNoConnectionIsLostWithTheTokenEndpoint(t *testing.T) {
	first, count := uint64(time.Now().UnixNano()%1e9), 200
	if n, err := strconv.Atoi(os.Getenv("BEARERGATE_SCHEDULES")); err == nil {
		count = n
	}
	if seed, err := strconv.ParseUint(os.Getenv("BEARERGATE_SEED"), 10, 64); err == nil {
		first, count = seed, 1
	}
	defer slog.SetDefault(slog.Default())
	slog.SetDefault(slog.New(slog.DiscardHandler))
	var sum outcome
	for seed := first; seed < first+uint64(count) && !t.Failed(); seed++ {
		synctest.Test(t, func(t *testing.T) {
			defer func() {
				if t.Failed() {
					t.Logf("to play this schedule again, set BEARERGATE_SEED=%d", seed)
				}
			}()
			s := newRealSchedule(t, seed)
			s.play()
			sum.add(s.outcome)
		})
	}
	t.Logf("%d schedules from seed %d: %+v", count, first, sum)
}

// realServer is the token endpoint, the routes of installations and an API.
type realServer struct {
	server    *http.Server
	transport *http.Transport // to the server
	codes     tokenendpoint.MemoryStore
	faults    *faults
	grants    bearergate.MemoryGrants
	access    installation.MemoryTokens
	minted    installation.MemoryTokens
	endpoint  *tokenendpoint.Endpoint

	mu       sync.Mutex
	grantIDs int
	revoked  map[string]bool // grants
}

func newRealServer(t *testing.T, f *faults, lifetime time.Duration) *realServer {
	s := &realServer{faults: f, revoked: make(map[string]bool)}
	store := failingStore{&s.codes, s}
	issue := installation.IssueOpaque("at_", s.access.Save)
	var err error
	s.endpoint, err = tokenendpoint.New(tokenendpoint.Config{
		Clients: tokenendpoint.ClientStoreFunc(func(ctx context.Context, id string) (tokenendpoint.Client, error) {
			err := s.failing(ctx, "server", func() error { return nil })
			return tokenendpoint.Client{ID: id, RedirectURIs: []string{"https://app.example/callback"}}, err
		}),
		Store: store, Grants: &s.grants, UsesReported: true,
		Issue: func(ctx context.Context, a tokenendpoint.IssueRequest) (issued tokenendpoint.Issued, err error) {
			err = s.failing(ctx, "server", func() (err error) {
				issued.ExpiresIn = lifetime
				issued.Token, err = issue(ctx, bearergate.Claims{
					Type: bearergate.AccessToken, ID: a.TokenID, ClientID: a.ClientID, Subject: a.Subject, GrantID: a.GrantID, Scopes: a.Scopes,
					IssuedAt: time.Now(), ExpiresAt: time.Now().Add(lifetime),
				})
				return err
			})
			return issued, err
		},
		Revoked: func(ctx context.Context, a tokenendpoint.Authorization) error {
			return s.failing(ctx, "server", func() error {
				return errors.Join(s.access.RevokeFamily(ctx, a.FamilyID), s.minted.RevokeFamily(ctx, a.FamilyID))
			})
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	installations, err := installation.New(installation.Config{
		AccessTokens: bearergate.NewOpaqueVerifier("at_", s.access.Lookup), Grants: &s.grants, Tokens: &s.minted, Lifetime: lifetime,
		ReportUse: s.endpoint.ReportUse, RevokeTokens: store.RevokeGrant, RevokeGrant: func(_ context.Context, id string) error { return s.revoke(id) },
	})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/token", s.endpoint)
	mux.Handle("POST /installations/{grantId}/tokens", installations.Mint())
	mux.Handle("DELETE /installations/{grantId}", installations.Revoke())
	mux.Handle("/resource", bearergate.Chain(
		bearergate.RequireToken(installations.Verifier(), bearergate.InstallationToken), bearergate.RequireGrant(&s.grants),
	)(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "fine") })))
	s.listen(mux)
	return s
}

// pipes is a listener of connections in memory, whose deadlines synctest knows.
type pipes struct {
	accept chan net.Conn
	closed context.Context
	close  context.CancelFunc
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.accept:
		return c, nil
	case <-p.closed.Done():
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error   { p.close(); return nil }
func (p *pipes) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 80} }

func (p *pipes) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	ours, theirs := net.Pipe()
	select {
	case p.accept <- theirs:
		return ours, nil
	case <-p.closed.Done():
		return nil, net.ErrClosed
	}
}

func (s *realServer) listen(h http.Handler) {
	p := &pipes{accept: make(chan net.Conn)}
	p.closed, p.close = context.WithCancel(context.Background())
	s.server = &http.Server{Handler: h, ErrorLog: log.New(io.Discard, "", 0)}
	s.transport = &http.Transport{DialContext: p.dial}
	go s.server.Serve(p)
}

func (s *realServer) close() {
	s.transport.CloseIdleConnections()
	s.server.Close()
}

func (s *realServer) revoke(grant string) error {
	s.mu.Lock()
	s.revoked[grant] = true
	s.mu.Unlock()
	return s.grants.Revoke(grant, time.Now())
}

func (s *realServer) isRevoked(grant string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.revoked[grant]
}

// consent answers an authorization request: it returns the callback.
func (s *realServer) consent(a client.Authorization) (url.Values, error) {
	s.mu.Lock()
	s.grantIDs++
	grant := fmt.Sprint("grant-", s.grantIDs)
	s.mu.Unlock()
	s.grants.Put(bearergate.Grant{ID: grant, OrganizationID: "acme"})
	u, _ := url.Parse(a.URL)
	q := u.Query()
	code, err := s.endpoint.NewCode(context.Background(), tokenendpoint.CodeRequest{
		Authorization: tokenendpoint.Authorization{ClientID: q.Get("client_id"), Subject: "user-1", GrantID: grant, Scopes: []string{"read"}},
		RedirectURI:   q.Get("redirect_uri"), CodeChallenge: q.Get("code_challenge"), CodeChallengeMethod: q.Get("code_challenge_method"),
	})
	return url.Values{"state": q["state"], "code": {code}}, err
}

// serve sends a request to the server. The handler may outlive the client's patience,
// and its context ends with that.
func (s *realServer) serve(r *http.Request, body string) *http.Response {
	out := r.Clone(r.Context())
	out.URL.Scheme = "http"
	out.Body, out.ContentLength = io.NopCloser(strings.NewReader(body)), int64(len(body))
	resp, err := s.transport.RoundTrip(out)
	if err != nil { // the client has left
		resp, _ = page(502)(r)
		return resp
	}
	defer resp.Body.Close()
	content, _ := io.ReadAll(resp.Body)
	resp.Body, resp.Request = io.NopCloser(bytes.NewReader(content)), r
	return resp
}

// failing has a part of the server do what the due fault is.
func (s *realServer) failing(ctx context.Context, thing string, act func() error) error {
	switch s.faults.due(thing, 5) {
	case 0, 1:
		return errDown
	case 2: // takes effect, and loses the reply
		act()
		return errDown
	case 3, 4:
		if err := pause(ctx, s.faults.within(20*time.Second)); err != nil {
			return err
		}
	}
	return act()
}

// failingStore is the store of the token endpoint.
type failingStore struct {
	tokenendpoint.Store
	server *realServer
}

func (s failingStore) Code(ctx context.Context, sum tokenendpoint.Sum) (c tokenendpoint.AuthorizationCode, ok bool, err error) {
	err = s.server.failing(ctx, "server", func() error { c, ok, err = s.Store.Code(ctx, sum); return err })
	return c, ok, err
}

func (s failingStore) Consume(ctx context.Context, sum tokenendpoint.Sum, at time.Time, first tokenendpoint.Family) (o tokenendpoint.Outcome, err error) {
	err = s.server.failing(ctx, "server", func() error { o, err = s.Store.Consume(ctx, sum, at, first); return err })
	return o, err
}

func (s failingStore) Family(ctx context.Context, id string) (f tokenendpoint.Family, ok bool, err error) {
	err = s.server.failing(ctx, "server", func() error { f, ok, err = s.Store.Family(ctx, id); return err })
	return f, ok, err
}

func (s failingStore) ReplaceFamily(ctx context.Context, f tokenendpoint.Family) (ok bool, err error) {
	err = s.server.failing(ctx, "server", func() error { ok, err = s.Store.ReplaceFamily(ctx, f); return err })
	return ok, err
}

// realNetwork is the Base of a process.
type realNetwork struct {
	*process
	real *realServer
}

func (n realNetwork) RoundTrip(r *http.Request) (*http.Response, error) {
	var body bytes.Buffer
	if r.Body != nil {
		io.Copy(&body, r.Body)
		r.Body.Close()
	}
	if err := n.alive(); err != nil {
		return nil, err
	}
	resp, err := n.real.faults.ofNetwork(r, func() *http.Response { return n.real.serve(r, body.String()) })
	if resp != nil {
		n.server.bodies.Add(1)
		resp.Body = &countedBody{ReadCloser: resp.Body, open: &n.server.bodies}
	}
	if crashed := n.alive(); crashed != nil && resp != nil {
		resp.Body.Close()
		return nil, crashed
	}
	return resp, err
}

// realSchedule is a schedule with a realServer.
type realSchedule struct {
	schedule
	real *realServer
}

func newRealSchedule(t *testing.T, seed uint64) *realSchedule {
	random := rand.New(rand.NewPCG(seed, 1))
	f := newFaults(rand.New(rand.NewPCG(seed, 2)), time.Now().Add(faultsLast))
	for range random.IntN(5) {
		from := time.Now().Add(time.Duration(random.Int64N(int64(faultsLast))))
		to := from.Add(time.Duration(random.Int64N(int64(2 * time.Minute))))
		if end := time.Now().Add(faultsLast); to.After(end) {
			to = end
		}
		f.windows["server"] = append(f.windows["server"], window{from, to, 0.1 + random.Float64()/2, random.IntN(6) - 1})
	}
	lifetimes := []time.Duration{5 * time.Second, 20 * time.Second, time.Minute, 5 * time.Minute, time.Hour}
	s := &realSchedule{real: newRealServer(t, f, lifetimes[random.IntN(len(lifetimes))])}
	s.t, s.random, s.server = t, random, &modelServer{faults: f}
	s.start(0)
	s.start(1)
	s.connect(true)
	return s
}

// start starts a process of the app.
func (s *realSchedule) start(n int) {
	p := &process{server: s.server, store: &s.store, saved: s.check}
	transport, err := client.New(s.config(handle{p}, realNetwork{p, s.real}))
	if err != nil {
		s.t.Fatal(err)
	}
	p.Transport = transport
	s.mu.Lock()
	defer s.mu.Unlock()
	s.processes[n] = p
}

func (s *realSchedule) config(connections client.ConnectionStore, base http.RoundTripper) client.Config {
	return client.Config{
		APIURL: origin, TokenURL: origin + "/token", MintURL: origin + "/installations/{grantId}/tokens", RevokeURL: origin + "/installations/{grantId}",
		AuthorizeURL: origin + "/authorize", RedirectURL: "https://app.example/callback", ClientID: "app",
		Connections: connections, ConnectionID: "user-1", Base: base, MaxWait: -1,
	}
}

func (s *realSchedule) check(c client.Connection) {
	if c.Dead == "" {
		return
	}
	s.mu.Lock()
	s.outcome.deaths++
	s.mu.Unlock()
	if !s.real.isRevoked(c.GrantID) {
		s.t.Errorf("dead (%s): got the grant %s, want a revoked one", c.Dead, c.GrantID)
	}
}

// connect has the user connect, if the faults let them. A sure one meets none.
func (s *realSchedule) connect(sure bool) {
	transport := s.processAt(s.random.IntN(2)).Transport
	if sure {
		p := &process{server: &modelServer{faults: new(faults)}, store: &s.store, saved: s.check}
		due := s.real.faults
		s.real.faults = &faults{random: due.random}
		defer func() { s.real.faults = due }()
		transport, _ = client.New(s.config(handle{p}, realNetwork{p, s.real}))
	}
	a, err := transport.Authorize("read")
	if err != nil {
		s.t.Fatal(err)
	}
	callback, err := s.real.consent(a)
	if err != nil { // a fault of the server: the user has no code
		if sure {
			s.t.Fatal(err)
		}
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := transport.Connect(ctx, a, callback); err != nil && sure {
		s.t.Fatal(err)
	}
}

func (s *realSchedule) grant() string {
	c, _ := s.store.Load(context.Background(), "user-1")
	return c.GrantID
}

// disconnect has the user disconnect in the app, and at the service if that fails.
func (s *realSchedule) disconnect() {
	grant := s.grant()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	s.processAt(s.random.IntN(2)).Disconnect(ctx)
	s.real.revoke(grant)
}

// event is what the user or the operator does.
func (s *realSchedule) event() {
	switch s.random.IntN(8) {
	case 0, 1, 2:
		s.outcome.crashes++
		n := s.random.IntN(2)
		s.processAt(n).crash()
		time.Sleep(time.Duration(s.random.Int64N(int64(2 * time.Minute))))
		s.start(n)
	case 3:
		s.outcome.revoked++
		s.disconnect()
	case 4, 5:
		s.outcome.reconnects++
		s.connect(false)
	case 6:
		s.outcome.revoked++
		grant := s.grant()
		s.real.revoke(grant)
		s.real.codes.RevokeGrant(context.Background(), grant)
	case 7:
		s.outcome.reconnects++
		s.real.revoke(s.grant())
		time.Sleep(time.Duration(s.random.Int64N(int64(time.Minute))))
		s.connect(false)
	}
}

func (s *realSchedule) play() {
	end := time.Now().Add(faultsLast)
	var app sync.WaitGroup
	for user := range 4 {
		random, n := rand.New(rand.NewPCG(s.random.Uint64(), 3)), user%2
		app.Go(func() {
			for time.Now().Before(end) {
				s.request(n, random)
				time.Sleep(time.Duration(random.Int64N(int64(20 * time.Second))))
			}
		})
	}
	for time.Now().Before(end) {
		time.Sleep(time.Duration(s.random.Int64N(int64(4 * time.Minute))))
		if time.Now().Before(end) {
			s.event()
		}
	}
	app.Wait()
	for n, p := range s.processes {
		app.Go(func() {
			s.recover(n, rand.New(rand.NewPCG(uint64(n), 4)))
			p.crash()
		})
	}
	app.Wait()
	time.Sleep(2 * time.Minute)
	s.real.close()
	if open := s.server.bodies.Load(); open != 0 {
		s.t.Errorf("bodies left open: got %d, want 0", open)
	}
}

// recover wants the connection to work in a process within a minute, unless its
// grant was revoked.
func (s *realSchedule) recover(n int, random *rand.Rand) {
	end := time.Now().Add(time.Minute)
	var err error
	for time.Now().Before(end) {
		if err = s.request(n, random); err == nil {
			break
		}
		time.Sleep(time.Second)
	}
	c, _ := s.store.Load(context.Background(), "user-1")
	switch revoked := s.real.isRevoked(c.GrantID); {
	case err != nil && !revoked:
		s.t.Errorf("a minute after the faults: got error %v for %+v, want it to work", err, c)
	case err != nil && (c.Dead == "" || !isReconnect(err)):
		s.t.Errorf("a connection that cannot work: got error %v and Dead %q, want it found dead", err, c.Dead)
	}
}
