package bearergatetest

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"time"

	"github.com/bearergate/bearergate"
)

// request is a request before it is sent.
type request struct {
	target        string
	authorization []string
	address       string   // empty: one that no other request has
	private       []string // texts that no refusal may hold
}

func (q request) token() string { return strings.TrimPrefix(q.authorization[0], "Bearer ") }

func bearer(token string) []string { return []string{"Bearer " + token} }

// callerRun keeps the callers of a process apart from those of others that share a
// store.
var (
	callerRun   = strings.ToLower(rand.Text()[:10])
	callerCount atomic.Uint32
)

// caller returns the claims of a good token. Nobody else has its ids.
func (s *routeSuite) caller() bearergate.Claims {
	id := fmt.Sprintf("%s-%d", callerRun, callerCount.Add(1))
	now := time.Now()
	c := bearergate.Claims{
		Type: bearergate.AccessToken, ID: "token-" + id, Subject: "user-" + id, ClientID: "app-" + id,
		OrganizationID: s.orgOf(id), Scopes: s.scopes, IssuedAt: now, ExpiresAt: now.Add(time.Hour),
	}
	if s.Type == bearergate.InstallationToken {
		c.Type, c.InstallationID = s.Type, "installation-"+id
	}
	if s.hasGrants() {
		c.GrantID = "grant-" + id
	}
	return c
}

// hasGrants reports whether tokens of the route belong to a grant.
func (s *routeSuite) hasGrants() bool {
	return s.PutGrant != nil || s.GrantInPath != "" || s.Type == bearergate.InstallationToken
}

func (s *routeSuite) orgOf(id string) string {
	if org, ok := s.PathValues[s.Org]; ok {
		return org
	}
	return "org-" + id
}

// good returns a request that has to pass.
func (s *routeSuite) good() request { return s.by(s.caller()) }

// by returns a request with a token of these claims, whose grant is active.
func (s *routeSuite) by(c bearergate.Claims) request {
	s.put(c, time.Time{})
	return s.with(c)
}

// with returns a request with a token of these claims.
func (s *routeSuite) with(c bearergate.Claims) request {
	token := s.mint(c)
	return request{target: s.target(c), authorization: bearer(token), private: append(privateOf(c), token)}
}

func privateOf(c bearergate.Claims) []string {
	return []string{c.Subject, c.ClientID, c.GrantID, c.InstallationID, c.ID}
}

func (s *routeSuite) put(c bearergate.Claims, revokedAt time.Time) {
	if s.PutGrant == nil || c.GrantID == "" {
		return
	}
	if err := s.PutGrant(bearergate.Grant{ID: c.GrantID, OrganizationID: c.OrganizationID, RevokedAt: revokedAt}); err != nil {
		panic(fmt.Sprintf("bearergatetest: Routes.PutGrant: %v", err))
	}
}

var addressCount atomic.Uint32

// address returns the address of a client in a /64 that no other request came from.
func address() string {
	n := addressCount.Add(1)
	return fmt.Sprintf("[2001:db8:%x:%x::1]:1234", n>>16, n&0xffff)
}

func (s *routeSuite) newRequest(q request) *http.Request {
	r := httptest.NewRequest(s.method, q.target, nil)
	r.RemoteAddr = q.address
	if q.address == "" {
		r.RemoteAddr = address()
	}
	if s.Prepare != nil {
		s.Prepare(r)
	}
	delete(r.Header, "Authorization")
	if q.authorization != nil {
		r.Header["Authorization"] = q.authorization
	}
	return r
}

// send returns the answer of the API.
func (s *routeSuite) send(q request) *answer {
	r, a := s.newRequest(q), &answer{live: make(http.Header), write: s.ErrorWriter, anyway: s.goodLate}
	before := s.served()
	s.serve(a, r)
	a.Flush() // the header of a handler that wrote nothing
	a.request, a.ran = r, s.served() != before
	return a
}

func (s *routeSuite) serve(a *answer, r *http.Request) {
	defer func() { a.panicked = recover() }()
	s.api.ServeHTTP(a, r)
}

func (s *routeSuite) served() int {
	if s.Served == nil {
		return 0
	}
	return s.Served()
}
