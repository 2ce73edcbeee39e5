package client_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/client"
)

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
				store.save = fails
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

// TestReconnectWithoutRefreshTokensStays has the app save another connection, of a
// server that issues no refresh tokens, while a token is minted for the old one.
//
// Rules: S8.34.
func TestReconnectWithoutRefreshTokensStays(t *testing.T) {
	inFakeTime(t, func(t *testing.T) {
		s := newService(time.Hour)
		s.save(client.Connection{GrantID: "grant-1", Access: s.knows("access-old", time.Hour)})
		transport := s.transport(t)
		s.next(mint, func(r *http.Request) (*http.Response, error) {
			s.save(client.Connection{GrantID: "grant-2", Access: s.knows("access-new", time.Hour)})
			return s.actOn(r)
		})
		get(transport)
		if got := s.stored(); got.GrantID != "grant-2" || got.Access.Text != "access-new" {
			t.Errorf("got the connection of %s with %s stored, want that of grant-2 with access-new, which the app saved last", got.GrantID, got.Access.Text)
		}
	})
}

// TestReconnectWithTheSameRefreshTokenStays is the same for a server that does not
// rotate refresh tokens.
//
// Rules: S8.34.
func TestReconnectWithTheSameRefreshTokenStays(t *testing.T) {
	inFakeTime(t, func(t *testing.T) {
		s := newService(time.Hour)
		s.save(client.Connection{GrantID: "grant-1", RefreshToken: "refresh-1"})
		transport := s.transport(t)
		s.next(refresh, func(r *http.Request) (*http.Response, error) {
			s.save(client.Connection{GrantID: "grant-2", RefreshToken: "refresh-1", Access: s.knows("access-new", time.Hour)})
			s.knows("access-9", time.Hour)
			return send(200, "application/json", `{"access_token":"access-9","token_type":"Bearer","expires_in":3600}`)(r)
		})
		get(transport)
		if got := s.stored(); got.GrantID != "grant-2" {
			t.Errorf("got the connection of %s stored, want that of grant-2, which the app saved last", got.GrantID)
		}
	})
}

// TestStoredTokenThatLivesIsUsedByANewTransport has a process start while the token
// endpoint is down. The stored token is due, and lives.
//
// Rules: S8.21, S8.32.
func TestStoredTokenThatLivesIsUsedByANewTransport(t *testing.T) {
	inFakeTime(t, func(t *testing.T) {
		s := newService(10 * time.Minute)
		change := onlyAccess(s)
		wantOK(t, s.transport(t, change))
		time.Sleep(9*time.Minute + 20*time.Second)
		s.always(refresh, page(502))
		wantTook(t, 0, func() { wantOK(t, s.transport(t, change)) })
	})
}

// TestInstallationTokenIsMintedWithAnAccessTokenThatLives has the token endpoint be
// down in the last minute of the access token.
//
// Rules: S8.32.
func TestInstallationTokenIsMintedWithAnAccessTokenThatLives(t *testing.T) {
	inFakeTime(t, func(t *testing.T) {
		s := newService(time.Hour)
		s.save(client.Connection{GrantID: "grant-1", RefreshToken: "refresh-1", Access: s.knows("access-0", time.Hour)})
		time.Sleep(59*time.Minute + 10*time.Second)
		s.always(refresh, page(502))
		transport := s.transport(t)
		wantOK(t, transport)
		if err := transport.Disconnect(context.Background()); err != nil {
			t.Errorf("Disconnect: got error %v, want none, since the access token lives", err)
		}
	})
}

// TestConnectionWithoutRefreshTokenLivesAsLongAsItsToken: nobody refused anything.
//
// Rules: S8.32.
func TestConnectionWithoutRefreshTokenLivesAsLongAsItsToken(t *testing.T) {
	inFakeTime(t, func(t *testing.T) {
		s := newService(time.Hour)
		change := onlyAccess(s)
		s.save(client.Connection{GrantID: "grant-1", Access: s.knows("access-0", 10*time.Minute)})
		transport := s.transport(t, change)
		wantOK(t, transport)
		time.Sleep(9*time.Minute + 10*time.Second)
		for range 2 {
			wantOK(t, transport)
			time.Sleep(2 * time.Second)
		}
		wantDeaths(t, s, 0)
	})
}

// TestSavedConnectionIsUsedFromThenOn has the user connect by another Transport, or the
// app save a connection, while a Transport has a token that lives. The documentation of
// SaveConnection and of Connect says that every Transport uses it from then on.
//
// Rules: S8.34.
func TestSavedConnectionIsUsedFromThenOn(t *testing.T) {
	inFakeTime(t, func(t *testing.T) {
		s := newService(time.Hour)
		change := onlyAccess(s)
		transport := s.transport(t, change)
		wantOK(t, transport)
		s.save(client.Connection{GrantID: "grant-2", RefreshToken: "refresh-1", Access: s.knows("access-new", time.Hour)})
		time.Sleep(2 * time.Second)
		sent := ""
		s.next(read, func(r *http.Request) (*http.Response, error) {
			sent = r.Header.Get("Authorization")
			return s.actOn(r)
		})
		wantOK(t, transport)
		if want := "Bearer access-new"; sent != want {
			t.Errorf("after SaveConnection: got %q sent, want %q", sent, want)
		}
	})
}

// TestFirstConnectionIsUsedAtOnce has requests come before the user has connected, as
// from a page that polls. Another Transport then connects the user.
//
// Rules: S8.34.
func TestFirstConnectionIsUsedAtOnce(t *testing.T) {
	inFakeTime(t, func(t *testing.T) {
		s := newService(time.Hour)
		change := onlyAccess(s)
		worst := time.Duration(0)
		for offset := range 16 {
			s.connections = new(client.MemoryConnections)
			transport := s.transport(t, change)
			for range 40 + offset {
				get(transport)
				time.Sleep(time.Second)
			}
			s.save(client.Connection{GrantID: "grant-1", Access: s.knows("access-new", time.Hour)})
			began := time.Now()
			for get(transport) != nil && time.Since(began) < time.Minute {
				time.Sleep(100 * time.Millisecond)
			}
			worst = max(worst, time.Since(began))
		}
		if worst > 1500*time.Millisecond {
			t.Errorf("after SaveConnection: requests fail for %v, want a second at most", worst)
		}
	})
}

// erasable is a store whose app deletes connections.
type erasable struct {
	mu sync.Mutex
	*client.MemoryConnections
}

func (e *erasable) current() *client.MemoryConnections {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.MemoryConnections
}

func (e *erasable) erase() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.MemoryConnections = new(client.MemoryConnections)
}

func (e *erasable) Load(ctx context.Context, id string) (client.Connection, error) {
	return e.current().Load(ctx, id)
}

func (e *erasable) Save(ctx context.Context, id string, c client.Connection) error {
	return e.current().Save(ctx, id, c)
}

func (e *erasable) Lock(ctx context.Context, id string) (func(), error) {
	return e.current().Lock(ctx, id)
}

// TestDeadConnectionThatWasDeletedAndSavedAnewLives has the app delete a dead connection,
// and save another one when its user has connected again. Its Revision is 1 then.
//
// Rules: S8.13, S8.33.
func TestDeadConnectionThatWasDeletedAndSavedAnewLives(t *testing.T) {
	inFakeTime(t, func(t *testing.T) {
		s := newService(time.Hour)
		change := onlyAccess(s)
		store := &erasable{MemoryConnections: new(client.MemoryConnections)}
		s.connections = store
		s.save(client.Connection{GrantID: "grant-1", RefreshToken: "refresh-1", Access: s.knows("access-0", time.Hour)})
		transport := s.transport(t, change)
		wantOK(t, transport)
		s.revoke()
		wantCode(t, get(transport), bearergate.ErrGrantRevoked)
		wantDeaths(t, s, 1)
		store.erase()
		s.locked(func() { s.revoked = false })
		s.save(client.Connection{GrantID: "grant-2", RefreshToken: "refresh-1", Access: s.knows("access-new", time.Hour)})
		for range 10 {
			time.Sleep(2 * time.Second)
			get(transport)
		}
		wantOK(t, transport)
	})
}

// TestRefreshTokenOfAnOddAnswerIsKept has the token endpoint rotate, and write another
// member in a way that cannot be used.
//
// Rules: S8.16, S8.17.
func TestRefreshTokenOfAnOddAnswerIsKept(t *testing.T) {
	for name, member := range map[string]string{
		"expires_in is a fraction": `"expires_in":3600.0`,
		"expires_in is a string":   `"expires_in":"3600"`,
		"expires_in is huge":       `"expires_in":1e300`,
		"grant_id is a number":     `"expires_in":3600,"grant_id":7`,
		"error is empty":           `"expires_in":3600,"error":""`,
	} {
		t.Run(name, func(t *testing.T) {
			inFakeTime(t, func(t *testing.T) {
				s := newService(time.Hour)
				change := onlyAccess(s)
				transport := s.transport(t, change)
				s.knows("access-9", time.Hour)
				s.always(refresh, send(200, "application/json", `{"access_token":"access-9","token_type":"Bearer",`+member+`,"refresh_token":"refresh-2"}`))
				get(transport)
				if got := s.stored().RefreshToken; got != "refresh-2" {
					t.Errorf("got %s stored, want refresh-2, which the server has issued", got)
				}
			})
		})
	}
}

// TestDeadThatDisconnectsBlocksNobody has Dead end what is left of the connection.
func TestDeadThatDisconnectsBlocksNobody(t *testing.T) {
	inFakeTime(t, func(t *testing.T) {
		s := newService(time.Hour)
		var transport *client.Transport
		transport = s.transport(t, func(c *client.Config) {
			c.Dead = func(error) {
				ctx, cancel := context.WithTimeout(context.Background(), time.Hour) // so that the test ends
				defer cancel()
				transport.Disconnect(ctx)
			}
		})
		wantOK(t, transport)
		s.revoke()
		wantTookUpTo(t, 0, 30*time.Second, func() { get(transport) })
		time.Sleep(2 * time.Hour)
	})
}

// TestSlowDeadHoldsUpNobody: a dead connection is known, and nothing is to be waited for.
//
// Rules: S8.33.
func TestSlowDeadHoldsUpNobody(t *testing.T) {
	inFakeTime(t, func(t *testing.T) {
		s := newService(time.Hour)
		transport := s.transport(t, func(c *client.Config) {
			c.Dead = func(error) { time.Sleep(10 * time.Minute) } // mails the user
		})
		wantOK(t, transport)
		s.revoke()
		go get(transport)
		time.Sleep(5 * time.Second)
		wantTookUpTo(t, 0, time.Second, func() { get(transport) })
		time.Sleep(time.Hour)
	})
}

// TestCallbackThatEndsItsGoroutineBlocksNobody has a callback or a store call
// runtime.Goexit, as t.Fatal does.
//
// Rules: S8.39.
func TestCallbackThatEndsItsGoroutineBlocksNobody(t *testing.T) {
	inFakeTime(t, func(t *testing.T) {
		s := newService(time.Hour)
		store := &faultyStore{ConnectionStore: s.connections}
		store.load = func() error { runtime.Goexit(); return nil }
		transport := s.transport(t, func(c *client.Config) { c.Connections = store })
		try := func() error {
			ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
			defer cancel()
			_, err := transport.Token(ctx)
			return err
		}
		try()
		store.load = nil
		time.Sleep(time.Minute)
		if err := try(); errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("after the fault: got %v, want a token", err)
		}
	})
}

// TestUnrepeatableRequestRenewsDuringAnotherTask has a POST be refused while the store
// is asked for something else.
//
// Rules: S8.2.
func TestUnrepeatableRequestRenewsDuringAnotherTask(t *testing.T) {
	inFakeTime(t, func(t *testing.T) {
		s := newService(time.Hour)
		store := &faultyStore{ConnectionStore: s.connections}
		transport := s.transport(t, func(c *client.Config) { c.Connections = store })
		wantOK(t, transport)
		s.forget()
		store.load = func() error { time.Sleep(5 * time.Second); return nil }
		s.next(read, refuse(bearergate.ErrMissingScope), refuse(bearergate.ErrInvalidToken))
		go get(transport)
		time.Sleep(time.Second)
		_, err := ask(transport, http.MethodPost, io.MultiReader(strings.NewReader("x")))
		wantCode(t, err, bearergate.ErrInvalidToken)
		time.Sleep(time.Minute)
		wantCount(t, s, refresh, 1, 1)
	})
}

// TestHEADWithoutRetryAfterIsWaitedFor is a HEAD that is answered 503 or 429 alone.
//
// Rules: S8.11, S8.26, S8.28.
func TestHEADWithoutRetryAfterIsWaitedFor(t *testing.T) {
	for _, status := range []int{429, 503} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			inFakeTime(t, func(t *testing.T) {
				s := newService(time.Hour)
				transport := s.connected(t)
				s.next(read, send(status, "application/json", ""))
				if got, err := ask(transport, http.MethodHead, nil); err != nil || !strings.HasPrefix(got, "200") {
					t.Errorf("HEAD: got %q, %v, want 200 after a wait", got, err)
				}
			})
		})
	}
}

// TestUnsavedDeathIsLatched has the store fail to save from a mint on, until after the
// grant was revoked.
//
// Rules: S8.13, S8.33.
func TestUnsavedDeathIsLatched(t *testing.T) {
	inFakeTime(t, func(t *testing.T) {
		s := newService(10 * time.Minute)
		store := &faultyStore{ConnectionStore: s.connections}
		transport := s.transport(t, func(c *client.Config) { c.Connections = store })
		s.next(mint, func(r *http.Request) (*http.Response, error) {
			store.save = fails
			return s.actOn(r)
		})
		wantOK(t, transport)
		s.revoke()
		wantCode(t, get(transport), bearergate.ErrGrantRevoked)
		wantDeaths(t, s, 1)
		s.forget()
		store.save = nil
		for range 30 {
			time.Sleep(2 * time.Second)
			wantCode(t, get(transport), bearergate.ErrGrantRevoked)
		}
		wantAsked(t, s)
		wantDeaths(t, s, 1)
	})
}

// TestErrorContainsNoOtherPartOfTheAnswer has the token endpoint answer a success with
// an "error" of its own. The documentation of Error.Error says that the text has the
// status, the code and the missing scopes, and no other part of the answer.
func TestErrorContainsNoOtherPartOfTheAnswer(t *testing.T) {
	inFakeTime(t, func(t *testing.T) {
		s := newService(time.Hour)
		s.always(refresh, send(200, "application/json", `{"error":"the token refresh-1 of user-1 is `+strings.Repeat("odd ", 1000)+`"}`))
		err := get(s.transport(t))
		if err == nil || strings.Contains(err.Error(), "refresh-1") || len(err.Error()) > 1000 {
			t.Errorf("got an error of %d bytes, %.150v…, want a short one without the text of the answer", len(fmt.Sprint(err)), err)
		}
	})
}

// TestRefusalIsAnErrorItself: the documentation of Transport says that RoundTrip returns
// the answer as an *Error.
//
// Rules: S8.6.
func TestRefusalIsAnErrorItself(t *testing.T) {
	inFakeTime(t, func(t *testing.T) {
		s := newService(time.Hour)
		transport := s.connected(t)
		s.next(read, refuse(bearergate.ErrMissingScope))
		r, _ := http.NewRequest(http.MethodGet, origin+"/resource", nil)
		_, err := transport.RoundTrip(r)
		if n := strings.Count(fmt.Sprint(err), "missing_scope"); n != 1 {
			t.Errorf("got %q, which says missing_scope %d times, want once", err, n)
		}
		if _, ok := err.(*client.Error); !ok {
			t.Errorf("got a %T, want a *client.Error", err)
		}
	})
}

// TestFaultOfAURLThatCannotBeParsedShowsNoPassword has a port that is none.
func TestFaultOfAURLThatCannotBeParsedShowsNoPassword(t *testing.T) {
	for _, raw := range []string{"https://user:pa55%zz@api.example", "https://user:pa55@api.example:x", "user:pa55@api.example"} {
		_, err := client.New(client.Config{APIURL: raw})
		if strings.Contains(err.Error(), "pa55") {
			t.Errorf("%s: got %.120v, want an error without the password", raw, err)
		}
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
		wantTookUpTo(t, 0, time.Second, func() { wantCode(t, get(transport), bearergate.ErrMissingScope) })
		wantTookUpTo(t, 0, time.Second, func() { wantOK(t, transport) })
	})
}

// TestDisconnectWhoseSaveTookEffectLateDoesNotCallDead has an earlier save, which failed,
// take effect while the grant is revoked.
//
// Rules: S8.34.
func TestDisconnectWhoseSaveTookEffectLateDoesNotCallDead(t *testing.T) {
	inFakeTime(t, func(t *testing.T) {
		s := newService(time.Hour)
		store := &lateStore{ConnectionStore: s.connections}
		transport := s.transport(t, func(c *client.Config) { c.Connections = store })
		s.next(mint, func(r *http.Request) (*http.Response, error) {
			store.late = true
			return s.actOn(r)
		})
		wantOK(t, transport)
		s.next(leave, func(r *http.Request) (*http.Response, error) {
			store.late = false
			store.takeEffect()
			return s.actOn(r)
		})
		if err := transport.Disconnect(context.Background()); err != nil {
			t.Errorf("Disconnect: got error %v, want none", err)
		}
		wantCode(t, get(transport), bearergate.ErrGrantRevoked)
		wantDeaths(t, s, 0)
		if got := s.stored().Dead; got == "" {
			t.Error("after Disconnect: got a living connection stored, want a dead one")
		}
	})
}

// lateStore is a store whose saves fail, and take effect later.
type lateStore struct {
	client.ConnectionStore
	late  bool
	saved []func()
}

func (l *lateStore) Save(ctx context.Context, id string, c client.Connection) error {
	if !l.late {
		return l.ConnectionStore.Save(ctx, id, c)
	}
	l.saved = append(l.saved, func() { l.ConnectionStore.Save(context.Background(), id, c) })
	return errDown
}

func (l *lateStore) takeEffect() {
	for _, save := range l.saved {
		save()
	}
	l.saved = nil
}
