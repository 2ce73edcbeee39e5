package bearergatetest

import (
	"crypto/sha256"
	"net/http"
	"net/http/httptest"
	"sync"
	"time"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/installation"
	"github.com/bearergate/bearergate/tokenendpoint"
)

// The registration of the app at an [AppServer].
const (
	DefaultClientSecret = "secret+of%the:app"
	DefaultRedirectURL  = "http://127.0.0.1/callback" // and any other http URL of this machine
)

// appTokenLifetime is how long the tokens of an AppServer live without
// [AppServer.Expire].
const appTokenLifetime = time.Hour

// AppServer is an authorization server and an API over HTTP, for the tests of an app
// that connects to such a service. It has one app, [DefaultClientID], and one user,
// who consents to everything. Its methods bring about what an app has to survive:
//
//	server := bearergatetest.NewAppServer(nil)
//	defer server.Close()
//	app := newApp(server.URL, server.TokenURL()) // the code under test
//	…
//	server.Expire()                              // the next request is answered 401
//	…
//	server.Revoke()                              // … and from now on 410
//
// It is safe for concurrent use.
type AppServer struct {
	*httptest.Server

	codes         tokenendpoint.MemoryStore
	grants        bearergate.MemoryGrants
	endpoint      *tokenendpoint.Endpoint
	installations *installation.Service

	mu        sync.Mutex
	redirects []string // registered redirect URIs
	grantIDs  int
	connected map[string]bool // grants whose code was exchanged
	grant     string          // of the last connection
	access    map[[sha256.Size]byte]bearergate.Claims
	minted    *installation.MemoryTokens
	refresh   string // the newest refresh token
	down      int    // the status of every answer, 0 for none
	lost      int    // how many token answers are still to be lost
	denied    bool
}

// NewAppServer starts a server. api serves the requests that have a token of the
// app, access tokens and installation tokens alike. If nil, every such request is
// answered 200 with an empty JSON object. Close the server when the test ends.
func NewAppServer(api http.Handler) *AppServer {
	if api == nil {
		api = http.HandlerFunc(serveNothing)
	}
	s := &AppServer{
		redirects: []string{DefaultRedirectURL}, connected: make(map[string]bool),
		access: make(map[[sha256.Size]byte]bearergate.Claims), minted: new(installation.MemoryTokens),
	}
	s.endpoint = must(tokenendpoint.New(tokenendpoint.Config{
		Clients: tokenendpoint.ClientStoreFunc(s.client), Store: &s.codes, Issue: s.issue, Grants: &s.grants,
		UsesReported: true, Revoked: s.endFamily,
	}))
	s.installations = must(installation.New(installation.Config{
		AccessTokens: bearergate.NewOpaqueVerifier(appAccessPrefix, s.lookup), Grants: &s.grants, Tokens: appTokens{s},
		Lifetime: appTokenLifetime, ReportUse: s.endpoint.ReportUse, RevokeTokens: s.codes.RevokeGrant, RevokeGrant: s.revokeGrant,
	}))
	s.Server = httptest.NewServer(s.handler(api))
	return s
}

func serveNothing(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	w.Write([]byte("{}\n"))
}

// AuthorizeURL returns the URL of the authorization endpoint.
func (s *AppServer) AuthorizeURL() string { return s.URL + "/oauth/authorize" }

// TokenURL returns the URL of the token endpoint.
func (s *AppServer) TokenURL() string { return s.URL + "/oauth/token" }

// RevokeURL returns the URL at which an app revokes a grant, with {grantId} in it.
func (s *AppServer) RevokeURL() string { return s.URL + "/installations/{grantId}" }

// MintURL returns the URL at which installation tokens are minted, with {grantId}
// in it.
func (s *AppServer) MintURL() string { return s.RevokeURL() + "/tokens" }

func (s *AppServer) handler(api http.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /oauth/authorize", s.authorize)
	mux.HandleFunc("/oauth/token", s.serveToken)
	mux.Handle("POST /installations/{grantId}/tokens", s.installations.Mint())
	mux.Handle("DELETE /installations/{grantId}", s.installations.Revoke())
	mux.Handle("/", bearergate.Chain(
		bearergate.RequireToken(s.installations.Verifier(), bearergate.AccessToken, bearergate.InstallationToken),
		bearergate.RequireGrant(&s.grants),
		bearergate.Require(s.reportUse),
	)(api))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		down := s.down
		s.mu.Unlock()
		if down != 0 {
			w.Header().Set("Content-Type", "text/html")
			w.WriteHeader(down)
			w.Write([]byte("<html>" + http.StatusText(down) + "</html>"))
			return
		}
		mux.ServeHTTP(w, r)
	})
}
