package client_test

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/client"
)

// TestDeadConnectionAsksNoMore has a grant revoked before the first request, or an
// hour after it, when the tokens have ended.
//
// Rules: S8.5, S8.10, S8.18, S8.33.
func TestDeadConnectionAsksNoMore(t *testing.T) {
	for name, connect := range map[string]func(*testing.T, *service) *client.Transport{
		"before the first request": func(t *testing.T, s *service) *client.Transport { return s.transport(t) },
		"later":                    func(t *testing.T, s *service) *client.Transport { return s.connected(t) },
	} {
		t.Run(name, func(t *testing.T) {
			inFakeTime(t, func(t *testing.T) {
				s := newService(time.Hour)
				transport := connect(t, s)
				s.revoke()
				time.Sleep(time.Hour)
				together(100, func() { wantReconnect(t, get(transport), bearergate.ErrInvalidGrant) })
				wantAsked(t, s, refresh)
				wantDeaths(t, s, 1)

				time.Sleep(time.Hour)
				wantReconnect(t, get(transport), bearergate.ErrInvalidGrant)
				wantReconnect(t, get(s.transport(t)), bearergate.ErrInvalidGrant) // another process
				wantAsked(t, s)
				wantDeaths(t, s, 2) // of two transports
			})
		})
	}
}

func wantReconnect(t *testing.T, err error, code bearergate.Code) {
	t.Helper()
	var e *client.Error
	if !errors.As(err, &e) || e.Action != client.Reconnect || e.Code != code || e.Status != code.Status() {
		t.Errorf("got error %v, want %v with its status and the action %v", err, code, client.Reconnect)
	}
}

// Rules: S8.10, S8.33.
func TestRevokedGrantIsLearnedFromAnyRoute(t *testing.T) {
	for _, route := range []string{read, mint} {
		t.Run(route, func(t *testing.T) {
			inFakeTime(t, func(t *testing.T) {
				s := newService(time.Hour)
				transport := s.transport(t)
				if route == read {
					transport = s.connected(t)
				}
				s.always(route, refuse(bearergate.ErrGrantRevoked))
				together(50, func() { wantReconnect(t, get(transport), bearergate.ErrGrantRevoked) })
				if got, want := s.stored().Dead, bearergate.ErrGrantRevoked; got != want {
					t.Errorf("stored Dead: got %q, want %q", got, want)
				}
				s.forget()
				wantReconnect(t, get(transport), bearergate.ErrGrantRevoked)
				wantAsked(t, s)
				wantDeaths(t, s, 1)
			})
		})
	}
}

// reconnecting has the stored connection replaced while a request of the old grant
// is under way, which is answered 410.
func reconnecting(t *testing.T, s *service, replace func(*client.Connection)) answer {
	return func(r *http.Request) (*http.Response, error) {
		c := s.stored()
		replace(&c)
		s.save(c)
		return refuse(bearergate.ErrGrantRevoked)(r)
	}
}

// Rules: S8.9.
func TestConnectionThatWasReplacedLives(t *testing.T) {
	inFakeTime(t, func(t *testing.T) {
		s := newService(time.Hour)
		transport := s.connected(t)
		s.next(read, reconnecting(t, s, func(c *client.Connection) { c.Installation = client.StoredToken{} }))
		wantOK(t, transport)
		wantDeaths(t, s, 0)
	})
}

func TestConnectionThatAnotherProcessFoundDeadStaysDead(t *testing.T) {
	inFakeTime(t, func(t *testing.T) {
		s := newService(time.Hour)
		transport := s.connected(t)
		s.next(read, reconnecting(t, s, func(c *client.Connection) {
			c.Installation.Text, c.Dead = "another", bearergate.ErrInvalidGrant
		}))
		wantReconnect(t, get(transport), bearergate.ErrGrantRevoked)
		wantDeaths(t, s, 1)
		s.forget()
		wantReconnect(t, get(transport), bearergate.ErrGrantRevoked)
		wantAsked(t, s)
	})
}

func TestConnectionDiesThoughItsStoreFails(t *testing.T) {
	inFakeTime(t, func(t *testing.T) {
		s := newService(time.Hour)
		store := &failingSave{ConnectionStore: s.connections}
		s.connections = store
		transport := s.connected(t)
		store.fails.Store(true)
		s.next(read, refuse(bearergate.ErrGrantRevoked))
		err := get(transport)
		wantReconnect(t, err, bearergate.ErrGrantRevoked)
		if want := "saving the connection: disk full"; !errorContains(err, want) {
			t.Errorf("got error %v, want one with %q", err, want)
		}
		wantDeaths(t, s, 1)
	})
}

func TestDeathIsSavedThoughTheRequestWasGivenUp(t *testing.T) {
	inFakeTime(t, func(t *testing.T) {
		s := newService(time.Hour)
		transport := s.connected(t)
		ctx, cancel := context.WithCancel(t.Context())
		s.next(read, func(r *http.Request) (*http.Response, error) {
			cancel()
			return refuse(bearergate.ErrGrantRevoked)(r)
		})
		r, _ := http.NewRequestWithContext(ctx, "GET", origin, nil)
		_, err := transport.RoundTrip(r)
		wantReconnect(t, err, bearergate.ErrGrantRevoked)
		synctest.Wait()
		if got, want := s.stored().Dead, bearergate.ErrGrantRevoked; got != want {
			t.Errorf("stored Dead: got %q, want %q", got, want)
		}
	})
}

// Rules: S8.8.
func TestFaultsOfTheServerKillNoConnection(t *testing.T) {
	redirect := func(r *http.Request) (*http.Response, error) {
		resp, err := page(302)(r)
		resp.Header.Set("Location", "https://evil.example/")
		return resp, err
	}
	endlessBody := func(r *http.Request) (*http.Response, error) {
		resp, err := page(200)(r)
		resp.Body = new(endless)
		return resp, err
	}
	for name, a := range map[string]answer{
		"503":                      refuseFor(bearergate.ErrTemporarilyUnavailable, 2*time.Second),
		"429":                      refuseFor(bearergate.ErrRateLimited, time.Second),
		"502 of a proxy":           page(502),
		"401 of a proxy":           page(401),
		"429 of a proxy":           page(429),
		"410 of a proxy":           page(410),
		"a cut connection":         cut,
		"200 with HTML":            page(200),
		"200 with an endless body": endlessBody,
		"200 with an error":        withStatus(200, refuse(bearergate.ErrInvalidGrant)),
		"200 with another error":   send(200, "application/json", `{"error":"","access_token":"x","token":"x","expires_in":60}`),
		"200 without a token":      send(200, "application/json", `{}`),
		"a redirect":               redirect,
		"500 with invalid_grant":   withStatus(500, refuse(bearergate.ErrInvalidGrant)),
		"500 of the table":         refuse(bearergate.ErrServerError),
	} {
		for _, route := range []string{refresh, mint} {
			t.Run(name+" of "+route, func(t *testing.T) {
				inFakeTime(t, func(t *testing.T) {
					s := newService(time.Hour)
					transport := s.transport(t)
					s.always(route, a)
					if err := get(transport); err == nil {
						t.Error("during the fault: got no error, want one")
					}
					s.next(route)
					time.Sleep(2 * time.Second)
					wantOK(t, transport)
					wantDeaths(t, s, 0)
				})
			})
		}
	}
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

// Rules: S8.5.
func TestConnectionWithoutRefreshTokenDiesWithItsAccessToken(t *testing.T) {
	inFakeTime(t, func(t *testing.T) {
		s := newService(time.Hour)
		s.kind = "access"
		s.save(client.Connection{GrantID: "grant-1", Access: client.StoredToken{Text: "access-1", IssuedAt: time.Now(), ExpiresAt: time.Now().Add(time.Hour)}})
		s.locked(func() { s.ends["access-1"] = time.Now().Add(time.Hour) })
		transport := s.transport(t, func(c *client.Config) { c.MintURL = "" })
		wantAlive(t, s, transport)
		s.forget()
		time.Sleep(time.Hour)
		err := get(transport)
		wantReconnect(t, err, bearergate.ErrInvalidGrant)
		if want := "no refresh token"; !errorContains(err, want) {
			t.Errorf("got error %v, want one with %q", err, want)
		}
		wantAsked(t, s)
		wantDeaths(t, s, 1)
	})
}

// TestRequestIsRepeatedWithAnotherConnectionOnce has the user connect again with each
// request.
//
// Rules: S8.9.
func TestRequestIsRepeatedWithAnotherConnectionOnce(t *testing.T) {
	inFakeTime(t, func(t *testing.T) {
		s := newService(time.Hour)
		transport := s.connected(t)
		s.always(read, func(r *http.Request) (*http.Response, error) {
			s.reconnect()
			return refuse(bearergate.ErrGrantRevoked)(r)
		})
		wantReconnect(t, get(transport), bearergate.ErrGrantRevoked)
		wantCount(t, s, read, 2, 2)
		s.next(read)
		wantAlive(t, s, transport)
	})
}

// TestRenewalEndsThoughTheUserConnectsAgainAndAgain has another connection stored
// before each refresh is answered.
func TestRenewalEndsThoughTheUserConnectsAgainAndAgain(t *testing.T) {
	inFakeTime(t, func(t *testing.T) {
		s := newService(time.Hour)
		transport := s.transport(t)
		s.always(refresh, func(r *http.Request) (*http.Response, error) {
			resp, err := s.actOn(r)
			s.reconnect()
			return resp, err
		})
		if err := get(transport); !errorContains(err, "another connection was stored meanwhile") {
			t.Errorf("got error %v, want one that names the reason", err)
		}
		wantCount(t, s, refresh, 4, 4)
		s.next(refresh)
		time.Sleep(time.Second)
		wantAlive(t, s, transport)
	})
}

// TestAnotherConnectionThatLivesIsUsedWithoutARenewal has another process renew the
// tokens before the request is refused.
//
// Rules: S8.6, S8.9.
func TestAnotherConnectionThatLivesIsUsedWithoutARenewal(t *testing.T) {
	for _, code := range []bearergate.Code{bearergate.ErrMissingScope, bearergate.ErrGrantRevoked} {
		t.Run(string(code), func(t *testing.T) {
			inFakeTime(t, func(t *testing.T) {
				s := newService(time.Hour)
				store := &countingLocks{ConnectionStore: s.connections}
				s.connections = store
				transport := s.connected(t)
				c := s.stored()
				c.Installation = s.knows("installation-0", time.Hour)
				s.save(c)
				locks := store.locks.Load()
				s.next(read, refuse(code))
				wantOK(t, transport)
				if got := store.locks.Load() - locks; got != 0 {
					t.Errorf("locks of the connection: got %d, want none", got)
				}
			})
		})
	}
}

// TestAnotherConnectionIsNotUsedBeforeItIsSaved has the user connect again and the store
// fail to save the first refresh of that connection. A request with the old token is
// refused then.
//
// Rules: S8.9, S8.35.
func TestAnotherConnectionIsNotUsedBeforeItIsSaved(t *testing.T) {
	inFakeTime(t, func(t *testing.T) {
		s := newService(time.Hour)
		store := &faultyStore{ConnectionStore: s.connections}
		transport := s.transport(t, func(c *client.Config) { c.Connections = store }, onlyAccess(s))
		wantOK(t, transport)
		s.reconnect()
		store.spoil(nil, fails)
		time.Sleep(59*time.Minute + 15*time.Second)
		wantOK(t, transport) // begins the renewal
		time.Sleep(time.Second)
		s.forget()
		s.next(read, refuse(bearergate.ErrGrantRevoked))
		if err := get(transport); !errors.Is(err, errDown) {
			t.Errorf("got error %v, want %v", err, errDown)
		}
		wantAsked(t, s, read)
		store.spoil(nil, nil)
		time.Sleep(15 * time.Second)
		wantOK(t, transport)
		wantDeaths(t, s, 0)
	})
}

// TestConnectionThatWasDeletedAndSavedAnewIsUsedAtOnce has the new connection have the
// Revision of the one that was deleted.
//
// Rules: S8.36.
func TestConnectionThatWasDeletedAndSavedAnewIsUsedAtOnce(t *testing.T) {
	inFakeTime(t, func(t *testing.T) {
		s := newService(time.Hour)
		change := onlyAccess(s)
		store := &erasable{MemoryConnections: new(client.MemoryConnections)}
		s.connections = store
		s.save(client.Connection{GrantID: "grant-1", Access: s.knows("access-0", time.Hour)})
		transport := s.transport(t, change)
		wantOK(t, transport)
		store.erase()
		time.Sleep(time.Hour)
		for range 50 { // the next renewal is after a minute
			if err := get(transport); !errors.Is(err, client.ErrNoConnection) {
				t.Errorf("got error %v, want %v", err, client.ErrNoConnection)
			}
			time.Sleep(time.Second)
		}
		s.save(client.Connection{GrantID: "grant-2", Access: s.knows("access-new", time.Hour)})
		time.Sleep(time.Second)
		wantOK(t, transport)
	})
}
