package storetest

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"time"

	"github.com/bearergate/bearergate/tokenendpoint"
)

// lossy loses replies: it returns an error after the operation took effect.
type lossy struct {
	tokenendpoint.Store
	loses bool
}

func (l *lossy) reply(err error) error {
	if l.loses {
		return errors.New("the reply of the store was lost")
	}
	return err
}

func (l *lossy) Consume(ctx context.Context, code tokenendpoint.Sum, at time.Time, first tokenendpoint.Family) (tokenendpoint.Outcome, error) {
	outcome, err := l.Store.Consume(ctx, code, at, first)
	return outcome, l.reply(err)
}

func (l *lossy) ReplaceFamily(ctx context.Context, f tokenendpoint.Family) (bool, error) {
	replaced, err := l.Store.ReplaceFamily(ctx, f)
	return replaced, l.reply(err)
}

const clientSecret = "secret"

type anyClient struct{}

func (anyClient) Client(_ context.Context, id string) (tokenendpoint.Client, error) {
	return tokenendpoint.Client{ID: id, Secrets: []tokenendpoint.Sum{tokenendpoint.SecretSum(clientSecret)}, RedirectURIs: []string{"https://app.example/"}}, nil
}

// server is a token endpoint over the store.
type server struct {
	*suite
	store    *lossy
	endpoint *tokenendpoint.Endpoint
}

func (s *suite) serve() *server {
	s.Helper()
	store := &lossy{Store: s.store}
	endpoint, err := tokenendpoint.New(tokenendpoint.Config{
		Clients: anyClient{}, Store: store,
		Issue: func(context.Context, tokenendpoint.IssueRequest) (tokenendpoint.Issued, error) {
			return tokenendpoint.Issued{Token: "access", ExpiresIn: time.Hour}, nil
		},
	})
	s.must(err)
	return &server{s, store, endpoint}
}

// code returns the form that exchanges a new code.
func (s *server) code() url.Values {
	s.Helper()
	code, err := s.endpoint.NewCode(s.Context(), tokenendpoint.CodeRequest{Authorization: authorization("")})
	s.must(err)
	return url.Values{"grant_type": {"authorization_code"}, "code": {code}}
}

func refresh(token string) url.Values {
	return url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token}}
}

// answers sends the form, with a store that loses replies if loses is set, and
// returns the refresh token of the answer.
func (s *server) answers(wantStatus int, form url.Values, loses bool) (refreshToken string) {
	s.Helper()
	s.store.loses = loses
	r := httptest.NewRequest("POST", "/token", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth(clientID, clientSecret)
	rec := httptest.NewRecorder()
	s.endpoint.ServeHTTP(rec, r)
	if rec.Code != wantStatus {
		s.Errorf("%s: got %d %s, want %d", form.Get("grant_type"), rec.Code, rec.Body, wantStatus)
	}
	var tokens struct {
		RefreshToken string `json:"refresh_token"`
	}
	json.Unmarshal(rec.Body.Bytes(), &tokens)
	return tokens.RefreshToken
}

// survivesLostReplace repeats a refresh after a lost reply: the connection lives.
func (s *suite) survivesLostReplace() {
	server := s.serve()
	first := server.answers(http.StatusOK, server.code(), false)
	server.answers(http.StatusServiceUnavailable, refresh(first), true)
	second := server.answers(http.StatusOK, refresh(first), false)
	server.answers(http.StatusOK, refresh(second), false)
}

// survivesLostConsume exchanges a code with a lost reply: the exchange succeeds.
func (s *suite) survivesLostConsume() {
	server := s.serve()
	first := server.answers(http.StatusOK, server.code(), true)
	server.answers(http.StatusOK, refresh(first), false)
}

// recognizesOldTokens uses the first token of a family after many rotations: the
// family is revoked.
func (s *suite) recognizesOldTokens() {
	server := s.serve()
	first := server.answers(http.StatusOK, server.code(), false)
	bystander := server.answers(http.StatusOK, server.code(), false)
	last := first
	for range 70 {
		last = server.answers(http.StatusOK, refresh(last), false)
	}
	server.answers(http.StatusUnauthorized, refresh(first), false)
	server.answers(http.StatusUnauthorized, refresh(last), false)
	server.answers(http.StatusOK, refresh(bystander), false)
}
