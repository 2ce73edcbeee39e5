package client_test

import (
	"context"
	"errors"
	"net/http"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/client"
)

// faultyStore is a store whose Load and Save may do something else.
type faultyStore struct {
	client.ConnectionStore
	load, save atomic.Pointer[func() error]
}

// spoil has Load and Save do these things, or their own if nil.
func (f *faultyStore) spoil(load, save func() error) {
	f.load.Store(&load)
	f.save.Store(&save)
}

func done(fault *atomic.Pointer[func() error]) error {
	if f := fault.Load(); f != nil && *f != nil {
		return (*f)()
	}
	return nil
}

func (f *faultyStore) Load(ctx context.Context, id string) (client.Connection, error) {
	if err := done(&f.load); err != nil {
		return client.Connection{}, err
	}
	return f.ConnectionStore.Load(ctx, id)
}

func (f *faultyStore) Save(ctx context.Context, id string, c client.Connection) error {
	if err := done(&f.save); err != nil {
		return err
	}
	return f.ConnectionStore.Save(ctx, id, c)
}

func fails() error  { return errDown }
func panics() error { panic("a store's fault") }
func exits() error  { runtime.Goexit(); return nil }

// TestUnsavedTokenIsSavedWithoutARequest has the store fail from the answer of the
// token endpoint on, while no request comes.
//
// Rules: S8.16, S8.39.
func TestUnsavedTokenIsSavedWithoutARequest(t *testing.T) {
	for name, c := range map[string]struct{ load, save func() error }{
		"Save fails":           {nil, fails},
		"Save panics":          {nil, panics},
		"Load and Save fail":   {fails, fails},
		"Load and Save panic":  {panics, panics},
		"Load panics":          {panics, fails},
		"Load fails meanwhile": {fails, panics},
	} {
		t.Run(name, func(t *testing.T) {
			inFakeTime(t, func(t *testing.T) {
				s := newService(time.Hour)
				store := &faultyStore{ConnectionStore: s.connections}
				transport := s.transport(t, func(c *client.Config) { c.Connections = store })
				s.next(refresh, func(r *http.Request) (*http.Response, error) {
					store.spoil(c.load, c.save)
					time.AfterFunc(20*time.Second, func() { store.spoil(nil, nil) })
					return s.actOn(r)
				})
				get(transport)
				time.Sleep(time.Minute)
				if got := s.stored().RefreshToken; got != "refresh-2" {
					t.Errorf("after the faults: got %s stored, want refresh-2", got)
				}
				wantCount(t, s, refresh, 1, 1)
			})
		})
	}
}

// TestAnotherConnectionIsUsedDuringALongRetryAfter has the token endpoint ask one
// process to wait.
//
// Rules: S8.31, S8.34, S8.36.
func TestAnotherConnectionIsUsedDuringALongRetryAfter(t *testing.T) {
	for _, c := range []struct {
		name      string
		meanwhile func(*testing.T, *service)
		refreshes int
		want      bearergate.Code // "" for none
	}{
		{"another process renews", func(t *testing.T, s *service) { wantOK(t, s.transport(t)) }, 0, ""},
		{"the user connects again", func(_ *testing.T, s *service) { s.reconnect() }, 1, ""},
		{"another process finds it dead", func(_ *testing.T, s *service) { s.kill(bearergate.ErrGrantRevoked) }, 0, bearergate.ErrGrantRevoked},
		{"nothing happens", func(*testing.T, *service) {}, 0, bearergate.ErrTemporarilyUnavailable},
	} {
		t.Run(c.name, func(t *testing.T) {
			inFakeTime(t, func(t *testing.T) {
				s := newService(time.Hour)
				transport := s.transport(t)
				s.next(refresh, refuseFor(bearergate.ErrTemporarilyUnavailable, 40*time.Minute))
				if err := get(transport); !errors.Is(err, bearergate.ErrTemporarilyUnavailable) {
					t.Fatalf("got error %v, want %v", err, bearergate.ErrTemporarilyUnavailable)
				}
				c.meanwhile(t, s)
				s.forget()
				time.Sleep(time.Second)
				for range 2 {
					if err := get(transport); (err == nil) != (c.want == "") || err != nil && !errors.Is(err, c.want) {
						t.Errorf("got error %v, want %q", err, c.want)
					}
				}
				wantCount(t, s, refresh, c.refreshes, c.refreshes)
			})
		})
	}
}

// TestDisconnectUsesNoUnsavedRefreshToken has another process go on with the token
// that is stored.
//
// Rules: S8.29, S8.35.
func TestDisconnectUsesNoUnsavedRefreshToken(t *testing.T) {
	for name, save := range map[string]func() error{"fails": fails, "panics": panics} {
		t.Run(name, func(t *testing.T) {
			inFakeTime(t, func(t *testing.T) {
				s := newService(time.Hour)
				store := &faultyStore{ConnectionStore: s.connections}
				store.spoil(nil, save)
				transport := s.transport(t, func(c *client.Config) { c.Connections = store })
				get(transport)
				time.Sleep(2 * time.Hour)
				s.always(leave, page(500))
				if err := transport.Disconnect(t.Context()); err == nil {
					t.Error("Disconnect: got no error, want one")
				}
				wantCount(t, s, refresh, 1, 1)
				wantCount(t, s, leave, 0, 0)
				time.Sleep(time.Minute)
				wantOK(t, s.transport(t))
			})
		})
	}
}

// Rules: S8.16, S8.33.
func TestDeathThatCouldNotBeSavedIsSavedLater(t *testing.T) {
	inFakeTime(t, func(t *testing.T) {
		s := newService(time.Hour)
		store := &faultyStore{ConnectionStore: s.connections}
		transport := s.transport(t, func(c *client.Config) { c.Connections = store })
		wantOK(t, transport)
		time.Sleep(time.Hour - 30*time.Second)
		store.spoil(nil, fails)
		wantOK(t, transport) // its renewal cannot be saved
		time.Sleep(time.Second)
		s.revoke()
		wantReconnect(t, get(transport), bearergate.ErrGrantRevoked)
		s.forget()
		time.Sleep(20 * time.Second)
		store.spoil(nil, nil)
		time.Sleep(20 * time.Second)
		if got := s.stored().Dead; got != bearergate.ErrGrantRevoked {
			t.Errorf("stored Dead: got %q, want %q", got, bearergate.ErrGrantRevoked)
		}
		wantReconnect(t, get(transport), bearergate.ErrGrantRevoked)
		wantReconnect(t, get(s.transport(t)), bearergate.ErrGrantRevoked)
		wantCount(t, s, read, 0, 0)
		wantDeaths(t, s, 2) // one for each transport
	})
}

// TestRenewalDoesNotReplaceWhatTheApplicationSaved has the application save while an
// installation token is minted.
//
// Rules: S8.34.
func TestRenewalDoesNotReplaceWhatTheApplicationSaved(t *testing.T) {
	living := func(text string) client.StoredToken {
		return client.StoredToken{Text: text, IssuedAt: time.Now(), ExpiresAt: time.Now().Add(time.Hour)}
	}
	anotherGrant := func(c *client.Connection) { c.GrantID = "grant-2" }
	anotherAccess := func(c *client.Connection) { c.Access = living("access-9") }
	for name, c := range map[string]struct {
		refreshToken string
		change       func(*client.Connection)
	}{
		"another grant":                          {"refresh-1", anotherGrant},
		"another grant, no refresh token":        {"", anotherGrant},
		"another access token, no refresh token": {"", anotherAccess},
		"another refresh token":                  {"refresh-1", func(c *client.Connection) { c.RefreshToken = "refresh-9" }},
	} {
		t.Run(name, func(t *testing.T) {
			inFakeTime(t, func(t *testing.T) {
				s := newService(time.Hour)
				first := client.Connection{GrantID: "grant-1", RefreshToken: c.refreshToken, Access: living("access-1")}
				second := first
				c.change(&second)
				s.save(first)
				s.next(mint, func(*http.Request) (*http.Response, error) {
					s.connections.Save(t.Context(), "user-1", revised(second, s.stored().Revision+1))
					return send(201, "application/json", `{"token":"installation-x","token_type":"Bearer","expires_in":3600}`)(nil)
				})
				get(s.transport(t))
				got := s.stored()
				if got.GrantID != second.GrantID || c.refreshToken == "" && got.Access.Text != second.Access.Text || got.Installation.Text == "installation-x" {
					t.Errorf("got stored %+v, want the connection %+v", got, second)
				}
			})
		})
	}
}

func revised(c client.Connection, revision int64) client.Connection {
	c.Revision = revision
	return c
}

// TestRefusalIsNotChangedAfterItWasReturned lets a request end while its death is
// saved. The race detector sees a change.
func TestRefusalIsNotChangedAfterItWasReturned(t *testing.T) {
	inFakeTime(t, func(t *testing.T) {
		s := newService(time.Hour)
		store := &faultyStore{ConnectionStore: s.connections}
		transport := s.transport(t, func(c *client.Config) { c.Connections = store })
		wantOK(t, transport)
		store.spoil(nil, func() error { time.Sleep(2 * time.Second); return errDown })
		s.revoke()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		r, _ := http.NewRequestWithContext(ctx, http.MethodGet, origin+"/resource", nil)
		_, err := transport.RoundTrip(r)
		for range 10 {
			if err == nil || err.Error() == "" {
				t.Error("got no error, want one")
			}
			time.Sleep(time.Second)
		}
	})
}

// Rules: S8.39.
func TestStoreThatEndsItsGoroutineEndsTheRequestAlone(t *testing.T) {
	inFakeTime(t, func(t *testing.T) {
		s := newService(time.Hour)
		store := &faultyStore{ConnectionStore: s.connections}
		store.spoil(exits, nil)
		transport := s.transport(t, func(c *client.Config) { c.Connections = store })
		if err := get(transport); !errorContains(err, "runtime.Goexit") {
			t.Errorf("got error %v, want one that names runtime.Goexit", err)
		}
		store.spoil(nil, nil)
		time.Sleep(time.Second)
		wantOK(t, transport)
	})
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
			store.spoil(nil, fails)
			return s.actOn(r)
		})
		wantOK(t, transport)
		s.revoke()
		wantCode(t, get(transport), bearergate.ErrGrantRevoked)
		wantDeaths(t, s, 1)
		s.forget()
		store.spoil(nil, nil)
		for range 30 {
			time.Sleep(2 * time.Second)
			wantCode(t, get(transport), bearergate.ErrGrantRevoked)
		}
		wantAsked(t, s)
		wantDeaths(t, s, 1)
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
