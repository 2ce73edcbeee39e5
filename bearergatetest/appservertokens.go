package bearergatetest

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/installation"
	"github.com/bearergate/bearergate/tokenendpoint"
)

// reportUse reports the access tokens of an app that mints no installation tokens.
func (s *AppServer) reportUse(r *http.Request) error {
	token, _ := bearergate.TokenFrom(r.Context())
	return s.endpoint.ReportUse(r.Context(), token)
}

// endFamily ends the tokens of a thief, and of its victim.
func (s *AppServer) endFamily(ctx context.Context, a tokenendpoint.Authorization) error {
	s.mu.Lock()
	for sum, claims := range s.access {
		if family, ok := tokenendpoint.FamilyOf(claims.ID); ok && family == a.FamilyID {
			delete(s.access, sum)
		}
	}
	minted := s.minted
	s.mu.Unlock()
	return minted.RevokeFamily(ctx, a.FamilyID)
}

// serveToken is the token endpoint.
func (s *AppServer) serveToken(w http.ResponseWriter, r *http.Request) {
	rec := s.answerToken(r)
	if s.loses() {
		panic(http.ErrAbortHandler)
	}
	for name, values := range rec.Header() {
		w.Header()[name] = values
	}
	w.WriteHeader(rec.Code)
	w.Write(rec.Body.Bytes())
}

// answerToken answers a token request, and remembers the refresh token.
func (s *AppServer) answerToken(r *http.Request) *httptest.ResponseRecorder {
	rec := httptest.NewRecorder()
	s.endpoint.ServeHTTP(rec, r)
	if rec.Code == http.StatusOK {
		s.remember(rec.Body.Bytes())
	}
	return rec
}

func (s *AppServer) remember(body []byte) {
	var answer struct {
		RefreshToken string `json:"refresh_token"`
		GrantID      string `json:"grant_id"`
	}
	must(0, json.Unmarshal(body, &answer))
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refresh = answer.RefreshToken
	if !s.connected[answer.GrantID] {
		s.connected[answer.GrantID], s.grant = true, answer.GrantID
	}
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

// appAccessPrefix is what access tokens of an AppServer begin with.
const appAccessPrefix = "access_"

func (s *AppServer) issue(_ context.Context, a tokenendpoint.IssueRequest) (tokenendpoint.Issued, error) {
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
