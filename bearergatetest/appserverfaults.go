package bearergatetest

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"time"

	"github.com/bearergate/bearergate/installation"
)

// Expire ends all access tokens and installation tokens.
func (s *AppServer) Expire() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.access)
	s.minted = new(installation.MemoryTokens)
}

// Revoke revokes the grant of the last connection, as a user does who uninstalls the
// app. It panics if there is none.
func (s *AppServer) Revoke() {
	s.mu.Lock()
	id := s.grant
	s.mu.Unlock()
	if id == "" {
		panic("bearergatetest: Revoke was called before an app connected")
	}
	must(0, s.codes.RevokeGrant(context.Background(), id))
	must(0, s.grants.Revoke(id, time.Now()))
}

// Rotate replaces the newest refresh token, as another process of the app does that
// refreshed, and returns the new one. The app's own refresh token is retired. It panics
// if there is none that lives.
func (s *AppServer) Rotate() string {
	s.mu.Lock()
	form := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {s.refresh}}
	s.mu.Unlock()
	r := httptest.NewRequest(http.MethodPost, s.TokenURL(), strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth(url.QueryEscape(DefaultClientID), url.QueryEscape(DefaultClientSecret))
	answer := s.answerToken(r)
	if answer.Code != http.StatusOK {
		panic("bearergatetest: Rotate found no refresh token that lives: " + answer.Body.String())
	}
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
