package bearergatetest

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/installation"
	"github.com/bearergate/bearergate/tokenendpoint"
)

// The registration of the app at an [AppServer].
const (
	DefaultClientSecret = "secret+of%the:app"
	DefaultRedirectURL  = "http://127.0.0.1/callback" // on any port
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

	mu       sync.Mutex
	grant    string // of the last connection
	grantIDs int
	access   map[[sha256.Size]byte]bearergate.Claims
	minted   *installation.MemoryTokens
	refresh  string // the newest refresh token
	down     int    // the status of every answer, 0 for none
	lost     int    // how many token answers are still to be lost
	denied   bool
}

// NewAppServer starts a server. api serves the requests that have a token of the
// app, access tokens and installation tokens alike. If nil, every such request is
// answered 200 with an empty JSON object. Close the server when the test ends.
func NewAppServer(api http.Handler) *AppServer {
	if api == nil {
		api = http.HandlerFunc(serveNothing)
	}
	s := &AppServer{access: make(map[[sha256.Size]byte]bearergate.Claims), minted: new(installation.MemoryTokens)}
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

// Expire ends all access tokens and installation tokens.
func (s *AppServer) Expire() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.access)
	s.minted = new(installation.MemoryTokens)
}

// Revoke revokes the grant of the last connection, as a user does who uninstalls the
// app.
func (s *AppServer) Revoke() {
	s.mu.Lock()
	id := s.grant
	s.mu.Unlock()
	must(0, s.codes.RevokeGrant(context.Background(), id))
	must(0, s.grants.Revoke(id, time.Now()))
}

// Rotate replaces the newest refresh token, as another process of the app does that
// refreshed, and returns the new one. The app's own refresh token is retired.
func (s *AppServer) Rotate() string {
	s.mu.Lock()
	form := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {s.refresh}}
	s.mu.Unlock()
	r := httptest.NewRequest(http.MethodPost, s.TokenURL(), strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth(url.QueryEscape(DefaultClientID), url.QueryEscape(DefaultClientSecret))
	rec := httptest.NewRecorder()
	s.serveToken(rec, r)
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.refresh
}

// Down has every request answered with this status and a page that is no JSON, as by
// a proxy whose server is away. [AppServer.Up] ends it.
func (s *AppServer) Down(status int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.down = status
}

// Up ends [AppServer.Down].
func (s *AppServer) Up() { s.Down(0) }

// LoseAnswers has the next n requests to the token endpoint take effect, and closes
// their connections in place of an answer.
func (s *AppServer) LoseAnswers(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lost = n
}

// Deny has the user refuse to consent from now on, or consent again.
func (s *AppServer) Deny(deny bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.denied = deny
}

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

// authorize is the authorization endpoint. It redirects only to where the app is
// registered, and names the issuer (RFC 9207).
func (s *AppServer) authorize(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	app := appClient()
	if query.Get("client_id") != app.ID || !app.HasRedirectURI(query.Get("redirect_uri")) {
		bearergate.Refuse(w, r, bearergate.ErrInvalidRequest)
		return
	}
	answer := s.consent(r.Context(), query)
	answer.State, answer.Issuer = query.Get("state"), s.URL
	back, err := app.RedirectURL(query.Get("redirect_uri"), answer)
	if err != nil {
		bearergate.Refuse(w, r, err)
		return
	}
	http.Redirect(w, r, back, http.StatusFound)
}

// consent returns a code or an error.
func (s *AppServer) consent(ctx context.Context, query url.Values) tokenendpoint.AuthorizationResponse {
	s.mu.Lock()
	denied := s.denied
	s.mu.Unlock()
	if denied {
		return tokenendpoint.AuthorizationResponse{Error: "access_denied"}
	}
	code, err := s.endpoint.NewCode(ctx, tokenendpoint.CodeRequest{
		Authorization: tokenendpoint.Authorization{
			ClientID: DefaultClientID, GrantID: s.newGrant(), Subject: DefaultSubject, Scopes: strings.Fields(query.Get("scope")),
		},
		RedirectURI: query.Get("redirect_uri"), CodeChallenge: query.Get("code_challenge"), CodeChallengeMethod: query.Get("code_challenge_method"),
	})
	if err != nil || query.Get("response_type") != "code" {
		return tokenendpoint.AuthorizationResponse{Error: "invalid_request"}
	}
	return tokenendpoint.AuthorizationResponse{Code: code}
}

// newGrant returns the id of a grant of its own: each connection is an installation.
func (s *AppServer) newGrant() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.grant = DefaultGrantID
	if s.grantIDs > 0 {
		s.grant = "grant-" + rand.Text()
	}
	s.grantIDs++
	s.grants.Put(bearergate.Grant{ID: s.grant, OrganizationID: DefaultOrganizationID})
	return s.grant
}

// reportUse reports the access tokens of an app that mints no installation tokens.
func (s *AppServer) reportUse(r *http.Request) error {
	token, _ := bearergate.TokenFrom(r.Context())
	return s.endpoint.ReportUse(r.Context(), token)
}

// endFamily ends the tokens of a thief, and of its victim.
func (s *AppServer) endFamily(ctx context.Context, a tokenendpoint.Authorization) error {
	s.mu.Lock()
	for sum, claims := range s.access {
		if family, ok := tokenendpoint.FamilyOf(claims.ID); ok && family == a.Family {
			delete(s.access, sum)
		}
	}
	minted := s.minted
	s.mu.Unlock()
	return minted.RevokeFamily(ctx, a.Family)
}

// serveToken is the token endpoint. It remembers the refresh token.
func (s *AppServer) serveToken(w http.ResponseWriter, r *http.Request) {
	rec := httptest.NewRecorder()
	s.endpoint.ServeHTTP(rec, r)
	if rec.Code == http.StatusOK {
		s.remember(rec.Body.Bytes())
	}
	if s.loses() {
		panic(http.ErrAbortHandler)
	}
	for name, values := range rec.Header() {
		w.Header()[name] = values
	}
	w.WriteHeader(rec.Code)
	w.Write(rec.Body.Bytes())
}

func (s *AppServer) remember(body []byte) {
	var answer struct {
		RefreshToken string `json:"refresh_token"`
	}
	must(0, json.Unmarshal(body, &answer))
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refresh = answer.RefreshToken
}

func (s *AppServer) loses() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.lost == 0 {
		return false
	}
	s.lost--
	return true
}

func appClient() tokenendpoint.Client {
	return tokenendpoint.Client{
		ID: DefaultClientID, Secrets: []tokenendpoint.Sum{tokenendpoint.SecretSum(DefaultClientSecret)},
		RedirectURIs: []string{DefaultRedirectURL}, AnyLoopbackPort: true,
	}
}

func (s *AppServer) client(_ context.Context, id string) (tokenendpoint.Client, error) {
	if id != DefaultClientID {
		return tokenendpoint.Client{}, bearergate.ErrInvalidClient
	}
	return appClient(), nil
}

// appAccessPrefix is what access tokens of an AppServer begin with.
const appAccessPrefix = "access_"

func (s *AppServer) issue(_ context.Context, a tokenendpoint.Authorization) (tokenendpoint.Issued, error) {
	text, now := appAccessPrefix+rand.Text(), time.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.access[sha256.Sum256([]byte(text))] = bearergate.Claims{
		Type: bearergate.AccessToken, ID: a.TokenID, Subject: a.Subject, ClientID: a.ClientID, GrantID: a.GrantID, OrganizationID: DefaultOrganizationID,
		Scopes: a.Scopes, IssuedAt: now, ExpiresAt: now.Add(appTokenLifetime),
	}
	return tokenendpoint.Issued{Token: text, ExpiresIn: appTokenLifetime}, nil
}

func (s *AppServer) lookup(_ context.Context, sum [sha256.Size]byte) (bearergate.Claims, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	claims, ok := s.access[sum]
	if !ok {
		return claims, bearergate.ErrInvalidToken
	}
	return claims, nil
}

func (s *AppServer) revokeGrant(_ context.Context, id string) error {
	return s.grants.Revoke(id, time.Now())
}

// appTokens is the store of installation tokens, which Expire empties.
type appTokens struct{ *AppServer }

func (a appTokens) current() *installation.MemoryTokens {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.minted
}

func (a appTokens) Save(ctx context.Context, sum [sha256.Size]byte, c bearergate.Claims) error {
	return a.current().Save(ctx, sum, c)
}

func (a appTokens) Lookup(ctx context.Context, sum [sha256.Size]byte) (bearergate.Claims, error) {
	return a.current().Lookup(ctx, sum)
}
