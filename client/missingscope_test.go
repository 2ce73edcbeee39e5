package client_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/client"
)

// TestMissingScopeUsesNoUnsavedToken has the store fail to save a new refresh token,
// and then a request be refused as missing_scope. What came with the unsaved token must
// not be used, and the old token serves while it lives.
//
// Rules: S8.6, S8.35.
func TestMissingScopeUsesNoUnsavedToken(t *testing.T) {
	for _, minting := range []bool{false, true} {
		t.Run(fmt.Sprintf("minting %t", minting), func(t *testing.T) {
			inFakeTime(t, func(t *testing.T) {
				s := newService(10 * time.Minute)
				store := &faultyStore{ConnectionStore: s.connections}
				change := func(*client.Config) {}
				if !minting {
					change = onlyAccess(s)
				}
				transport := s.transport(t, func(c *client.Config) { c.Connections = store }, change)
				wantOK(t, transport)
				time.Sleep(9*time.Minute + 5*time.Second) // due, and it lives
				store.spoil(nil, fails)
				wantOK(t, transport) // begins the renewal
				time.Sleep(2 * time.Second)
				s.forget()
				var sent []string
				spy := func(a answer) answer {
					return func(r *http.Request) (*http.Response, error) {
						sent = append(sent, strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "))
						return a(r)
					}
				}
				s.next(read, spy(refuse(bearergate.ErrMissingScope)), spy(s.actOn), spy(s.actOn))
				get(transport)
				if _, err := ask(transport, http.MethodGet, nil); err != nil {
					t.Errorf("while the old token lives: got error %v, want none", err)
				}
				for _, token := range sent {
					if strings.HasSuffix(token, "-2") {
						t.Errorf("while refresh-2 is unsaved: %s was sent, want the old token", token)
					}
				}
			})
		})
	}
}

// TestMissingScopeWaitsForNoRenewal has the token endpoint hang while the token lives,
// and a request be refused as missing_scope.
//
// Rules: S8.6, S8.21.
func TestMissingScopeWaitsForNoRenewal(t *testing.T) {
	inFakeTime(t, func(t *testing.T) {
		s := newService(10 * time.Minute)
		transport := s.connected(t)
		time.Sleep(9*time.Minute + 5*time.Second)
		s.always(refresh, hang)
		wantOK(t, transport) // begins the renewal
		s.next(read, refuse(bearergate.ErrMissingScope))
		wantTookUpTo(t, 0, time.Second, func() { wantCode(t, get(transport), bearergate.ErrMissingScope) })
	})
}

// TestMissingScopeDropsNoTokenThatLives has another process renew: it has refreshed, and
// its mint hangs. The store has no installation token then. A request of this process is
// refused as missing_scope; its token lives.
//
// Rules: S8.6, S8.21.
func TestMissingScopeDropsNoTokenThatLives(t *testing.T) {
	inFakeTime(t, func(t *testing.T) {
		s := newService(time.Hour)
		transport, another := s.connected(t), s.transport(t)
		wantOK(t, another)
		s.always(mint, hang)
		s.next(read, refuse(bearergate.ErrInvalidToken))
		go get(another)
		time.Sleep(time.Second)
		s.next(read, refuse(bearergate.ErrMissingScope))
		go get(transport) // waits for the token of the other connection
		time.Sleep(time.Second)
		wantTookUpTo(t, 0, time.Second, func() { wantOK(t, transport) })
		time.Sleep(time.Minute)
	})
}
