package redis_test

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/client"
	"github.com/bearergate/bearergate/redisstore"
	"github.com/bearergate/bearergate/tokenendpoint"
)

func newSum() tokenendpoint.Sum { return sha256.Sum256([]byte(rand.Text())) }

func newCode(grant string) tokenendpoint.AuthorizationCode {
	return tokenendpoint.AuthorizationCode{
		Authorization: tokenendpoint.Authorization{ClientID: "app", GrantID: grant, Subject: "user", Scopes: []string{"a"}},
		ExpiresAt:     time.Now().Add(time.Hour).UTC(),
	}
}

func newFamily(id, grant string) tokenendpoint.Family {
	return tokenendpoint.Family{
		Authorization: tokenendpoint.Authorization{ClientID: "app", GrantID: grant, Subject: "user", Scopes: []string{"a"}, FamilyID: id},
		Version:       1, Token: newSum(), TokenExpiresAt: time.Now().Add(time.Hour).UTC(), ExpiresAt: time.Now().Add(2 * time.Hour).UTC(),
	}
}

func saveCode(t testing.TB, store tokenendpoint.Store, grant string) tokenendpoint.Sum {
	t.Helper()
	sum := newSum()
	if err := store.SaveCode(t.Context(), sum, newCode(grant)); err != nil {
		t.Fatal(err)
	}
	return sum
}

const (
	clientID     = "app"
	clientSecret = "secret"
)

// endpoint is a token endpoint over a store.
type endpoint struct {
	*tokenendpoint.Endpoint
	t testing.TB
}

func newEndpoint(t testing.TB, store tokenendpoint.Store) endpoint {
	t.Helper()
	e, err := tokenendpoint.New(tokenendpoint.Config{
		Clients: tokenendpoint.ClientStoreFunc(func(_ context.Context, id string) (tokenendpoint.Client, error) {
			return tokenendpoint.Client{ID: id, Secrets: []tokenendpoint.Sum{tokenendpoint.SecretSum(clientSecret)}, RedirectURIs: []string{"https://app.example/"}}, nil
		}),
		Store: store,
		Issue: func(context.Context, tokenendpoint.IssueRequest) (tokenendpoint.Issued, error) {
			return tokenendpoint.Issued{Token: "access", ExpiresIn: time.Hour}, nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return endpoint{e, t}
}

func (e endpoint) newCode() url.Values {
	e.t.Helper()
	code, err := e.NewCode(e.t.Context(), tokenendpoint.CodeRequest{Authorization: tokenendpoint.Authorization{ClientID: clientID, GrantID: "grant", Subject: "user"}})
	if err != nil {
		e.t.Fatal(err)
	}
	return url.Values{"grant_type": {"authorization_code"}, "code": {code}}
}

// post sends the form, and returns the status, the body and how long it took.
func (e endpoint) post(form url.Values) (int, string, time.Duration) {
	ctx, cancel := context.WithTimeout(context.Background(), 500*time.Millisecond)
	defer cancel()
	r := httptest.NewRequestWithContext(ctx, "POST", "/token", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth(clientID, clientSecret)
	rec, began := httptest.NewRecorder(), time.Now()
	e.ServeHTTP(rec, r)
	return rec.Code, rec.Body.String(), time.Since(began)
}

func (e endpoint) answers(form url.Values, want int) string {
	e.t.Helper()
	status, body, _ := e.post(form)
	if status != want {
		e.t.Errorf("%s: got %d %s, want %d", form.Get("grant_type"), status, body, want)
	}
	if want == http.StatusServiceUnavailable && strings.Contains(body, "invalid_grant") {
		e.t.Errorf("%s: got %s, want no word on the token", form.Get("grant_type"), body)
	}
	return body
}

// refreshForm returns the form that uses the refresh token of an answer.
func refreshForm(t testing.TB, answer string) url.Values {
	t.Helper()
	var tokens struct {
		RefreshToken string `json:"refresh_token"`
	}
	if err := json.Unmarshal([]byte(answer), &tokens); err != nil || tokens.RefreshToken == "" {
		t.Fatalf("got the answer %s, %v, want one with a refresh token", answer, err)
	}
	return url.Values{"grant_type": {"refresh_token"}, "refresh_token": {tokens.RefreshToken}}
}

func connection(revision int64) client.Connection {
	return client.Connection{GrantID: "grant", RefreshToken: rand.Text(), Revision: revision}
}

// isCode reports whether an error blames the client.
func isCode(err error) bool {
	var code bearergate.Code
	return errors.As(err, &code)
}

// isUnsure tests that a store does not deny that it has a connection.
func isUnsure(t testing.TB, store *redisstore.Store, id string) {
	t.Helper()
	if _, err := store.Connections(newKey(t)).Load(t.Context(), id); err == nil || errors.Is(err, client.ErrNoConnection) {
		t.Errorf("Load: got the error %v, want one other than ErrNoConnection", err)
	}
}
