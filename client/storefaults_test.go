package client_test

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/client"
	"github.com/google/go-cmp/cmp"
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

func fails() error { return errDown }

func panics() error { panic("a store's fault") }

func exits() error { runtime.Goexit(); return nil }

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
		{"another process renews, and finds it dead", func(t *testing.T, s *service) {
			wantOK(t, s.transport(t))
			s.kill(bearergate.ErrGrantRevoked)
		}, 0, bearergate.ErrGrantRevoked},
		{"nothing happens", func(*testing.T, *service) {}, 0, bearergate.ErrTemporarilyUnavailable},
		{"the store fails", func(_ *testing.T, s *service) { s.connections.(*spoiltStore).load.Store(true) }, 0, bearergate.ErrTemporarilyUnavailable},
	} {
		t.Run(c.name, func(t *testing.T) {
			inFakeTime(t, func(t *testing.T) {
				s := newService(time.Hour)
				s.spoilable()
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

// Rules: S8.8, S8.36.
func TestFaultOfTheStoreIsTheErrorOfTheRequest(t *testing.T) {
	for name, fault := range map[string]func(*spoiltStore) *atomic.Bool{
		"Load": func(f *spoiltStore) *atomic.Bool { return &f.load },
		"Save": func(f *spoiltStore) *atomic.Bool { return &f.save },
		"Lock": func(f *spoiltStore) *atomic.Bool { return &f.lock },
	} {
		t.Run(name, func(t *testing.T) {
			inFakeTime(t, func(t *testing.T) {
				s := newService(time.Hour)
				fails := fault(s.spoilable())
				transport := s.transport(t)
				fails.Store(true)
				if err := get(transport); !errorContains(err, "disk full") {
					t.Errorf("got error %v, want one with %q", err, "disk full")
				}
				wantCount(t, s, mint, 0, 0)
				fails.Store(false)
				time.Sleep(2 * time.Second)
				wantAlive(t, s, transport)
			})
		})
	}
}

// hangingStore is a store one of whose methods hangs until its context ends.
type hangingStore struct {
	client.ConnectionStore
	method atomic.Value
}

func (h *hangingStore) hang(ctx context.Context, method string) {
	if h.method.Load() == method {
		<-ctx.Done()
	}
}

func (h *hangingStore) Load(ctx context.Context, id string) (client.Connection, error) {
	h.hang(ctx, "Load")
	return h.ConnectionStore.Load(ctx, id)
}

func (h *hangingStore) Save(ctx context.Context, id string, c client.Connection) error {
	h.hang(ctx, "Save")
	return h.ConnectionStore.Save(ctx, id, c)
}

func (h *hangingStore) Lock(ctx context.Context, id string) (func(), error) {
	h.hang(ctx, "Lock")
	return h.ConnectionStore.Lock(ctx, id)
}

// TestStoreThatHangsIsGivenUp has a call of the store last for ever, whoever waits
// for it. Half a minute later the next task begins at once.
//
// Rules: S8.15.
func TestStoreThatHangsIsGivenUp(t *testing.T) {
	longRetryAfter := refuseFor(bearergate.ErrTemporarilyUnavailable, time.Hour)
	for name, c := range map[string]struct {
		prepare func(*service, *client.Transport)
		act     func(context.Context, *client.Transport, client.Authorization) error
	}{
		"renewal":      {func(*service, *client.Transport) { time.Sleep(2 * time.Hour) }, getWith},
		"death":        {func(s *service, _ *client.Transport) { s.revoke() }, getWith},
		"wider scopes": {func(s *service, _ *client.Transport) { s.next(read, refuse(bearergate.ErrMissingScope)) }, getWith},
		"a long Retry-After": {func(s *service, transport *client.Transport) {
			time.Sleep(2 * time.Hour)
			s.next(refresh, longRetryAfter)
			get(transport)
			time.Sleep(time.Second)
		}, getWith},
		"Connect": {func(*service, *client.Transport) {}, func(ctx context.Context, transport *client.Transport, a client.Authorization) error {
			return transport.Connect(ctx, a, url.Values{"code": {"code"}, "state": {a.State}})
		}},
		"Disconnect": {func(*service, *client.Transport) {}, func(ctx context.Context, transport *client.Transport, _ client.Authorization) error {
			return transport.Disconnect(ctx)
		}},
	} {
		for _, method := range []string{"Load", "Save", "Lock"} {
			t.Run(name+", "+method, func(t *testing.T) {
				inFakeTime(t, func(t *testing.T) {
					s := newService(time.Hour)
					store := &hangingStore{ConnectionStore: s.connections}
					_, a := begun(t, s)
					s.connections = store
					transport := s.connected(t)
					c.prepare(s, transport)
					store.method.Store(method)
					within(t, 30*time.Second, func(ctx context.Context) error { return c.act(ctx, transport, a) })
					store.method.Store("")
					within(t, time.Second, transport.Disconnect)
				})
			})
		}
	}
}

// within wants f to end before its context does.
func within(t *testing.T, d time.Duration, f func(context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	f(ctx)
	if err := ctx.Err(); err != nil {
		t.Errorf("after %v: got %v, want an end", d, err)
	}
}

func getWith(ctx context.Context, transport *client.Transport, _ client.Authorization) error {
	r, _ := http.NewRequestWithContext(ctx, "GET", origin, nil)
	_, err := transport.RoundTrip(r)
	return err
}

// Rules: S8.16.
func TestSlowSaveHasTheTimeOfItsTask(t *testing.T) {
	inFakeTime(t, func(t *testing.T) {
		s := newService(time.Hour)
		store := s.spoilable()
		transport := s.transport(t)
		store.slow.Store(5)
		wantAlive(t, s, transport)
		wantAsked(t, s, refresh, mint, read)
	})
}

// Rules: S8.13, S8.16.
func TestSlowSaveOfADeathHasTheTimeOfItsTask(t *testing.T) {
	for name, end := range map[string]func(*testing.T, *service, *client.Transport){
		"death": func(t *testing.T, s *service, transport *client.Transport) {
			s.revoke()
			wantReconnect(t, get(transport), bearergate.ErrGrantRevoked)
		},
		"Disconnect": func(t *testing.T, _ *service, transport *client.Transport) {
			if err := transport.Disconnect(t.Context()); err != nil {
				t.Errorf("got error %v, want none", err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			inFakeTime(t, func(t *testing.T) {
				s := newService(time.Hour)
				store := s.spoilable()
				transport := s.connected(t)
				store.slow.Store(5)
				end(t, s, transport)
				store.slow.Store(0)
				if got, want := s.stored().Dead, bearergate.ErrGrantRevoked; got != want {
					t.Errorf("stored Dead: got %q, want %q", got, want)
				}
			})
		})
	}
}

// TestAnswerThatCameLateIsSaved has the answer come half a second before its task
// ends, and a store that saves in two seconds.
//
// Rules: S8.15, S8.16.
func TestAnswerThatCameLateIsSaved(t *testing.T) {
	inFakeTime(t, func(t *testing.T) {
		s := newService(time.Hour)
		store := s.spoilable()
		transport := s.transport(t)
		s.next(refresh, hang, hang, func(r *http.Request) (*http.Response, error) {
			time.Sleep(7500 * time.Millisecond)
			store.slow.Store(2)
			return s.actOn(r)
		})
		go get(transport)
		time.Sleep(27 * time.Second)
		if got := s.stored().RefreshToken; got != "refresh-2" {
			t.Errorf("stored refresh token: got %q, want that of the answer", got)
		}
		store.slow.Store(0)
		time.Sleep(time.Minute)
		wantAlive(t, s, transport)
	})
}

// Rules: S8.16.
func TestSavingIsTriedAgainAtGrowingPausesForHalfAnHour(t *testing.T) {
	inFakeTime(t, func(t *testing.T) {
		s := newService(time.Hour)
		var mu sync.Mutex
		var tried []int // in these seconds
		began := time.Now()
		store := &faultyStore{ConnectionStore: s.connections}
		store.spoil(nil, func() error {
			mu.Lock()
			defer mu.Unlock()
			tried = append(tried, int(time.Since(began).Seconds()))
			return errDown
		})
		transport := s.transport(t, func(c *client.Config) { c.Connections = store })
		get(transport)
		time.Sleep(3 * time.Hour)
		want := []int{0, 1, 3, 7, 15}
		for len(want) < 121 {
			want = append(want, want[len(want)-1]+15)
		}
		mu.Lock()
		if diff := cmp.Diff(want, tried); diff != "" {
			t.Errorf("seconds of the saves: -want +got\n%s", diff)
		}
		mu.Unlock()
		get(transport)
		mu.Lock()
		defer mu.Unlock()
		if got := len(tried); got != 122 {
			t.Errorf("saves after one more request: got %d, want 122", got)
		}
	})
}

// Rules: S8.6.
func TestWiderScopesAreLookedForOnceASecond(t *testing.T) {
	inFakeTime(t, func(t *testing.T) {
		s := newService(time.Hour)
		var loads atomic.Int64
		store := &faultyStore{ConnectionStore: s.connections}
		store.spoil(func() error { loads.Add(1); return nil }, nil)
		transport := s.transport(t, func(c *client.Config) { c.Connections = store })
		wantOK(t, transport)
		s.always(read, refuse(bearergate.ErrMissingScope))
		loads.Store(0)
		for range 50 {
			wantCode(t, get(transport), bearergate.ErrMissingScope)
			time.Sleep(99 * time.Millisecond) // and the network takes one
		}
		if got := loads.Load(); got != 5 {
			t.Errorf("reads of the store in 5 s: got %d, want 5", got)
		}
		s.next(read)
		wantAlive(t, s, transport)
	})
}

// TestConnectionThatAnotherProcessFoundDeadIsNotRevivedByAnUnsavedToken has one
// process unable to save what it refreshed.
//
// Rules: S8.13, S8.34.
func TestConnectionThatAnotherProcessFoundDeadIsNotRevivedByAnUnsavedToken(t *testing.T) {
	inFakeTime(t, func(t *testing.T) {
		s := newService(time.Hour)
		store := &faultyStore{ConnectionStore: s.connections}
		store.spoil(nil, fails)
		transport := s.transport(t, func(c *client.Config) { c.Connections = store })
		if err := get(transport); !errors.Is(err, errDown) {
			t.Errorf("got error %v, want %v", err, errDown)
		}
		s.kill(bearergate.ErrGrantRevoked)
		store.spoil(nil, nil)
		time.Sleep(time.Minute)
		wantReconnect(t, get(transport), bearergate.ErrGrantRevoked)
		if got, want := s.stored().Dead, bearergate.ErrGrantRevoked; got != want {
			t.Errorf("stored Dead: got %q, want %q", got, want)
		}
	})
}

// TestStoreThatAlwaysConflictsEndsTheRequest has another caller save before each
// Save.
func TestStoreThatAlwaysConflictsEndsTheRequest(t *testing.T) {
	inFakeTime(t, func(t *testing.T) {
		s := newService(time.Hour)
		connected := s.connected(t)
		var saves atomic.Int64
		store := &faultyStore{ConnectionStore: s.connections}
		store.spoil(nil, func() error { saves.Add(1); return client.ErrConflict })
		conflicting := func(c *client.Config) { c.Connections = store }
		_, a := begun(t, s)
		for _, c := range []struct {
			name  string
			act   func(*client.Transport) error
			want  error
			saves int64
		}{
			{"renewal", func(transport *client.Transport) error {
				s.next(read, refuse(bearergate.ErrInvalidToken))
				return get(transport)
			}, client.ErrConflict, 100},
			{"death", func(transport *client.Transport) error {
				s.next(read, refuse(bearergate.ErrGrantRevoked))
				return get(transport)
			}, bearergate.ErrGrantRevoked, 100},
			{"Connect", func(transport *client.Transport) error {
				return transport.Connect(t.Context(), a, url.Values{"code": {"code"}, "state": {a.State}})
			}, client.ErrConflict, 100},
			{"SaveConnection", func(*client.Transport) error {
				return client.SaveConnection(t.Context(), store, "user-1", client.Connection{})
			}, client.ErrConflict, 100},
		} {
			saves.Store(0)
			if err := c.act(s.transport(t, conflicting)); !errors.Is(err, c.want) {
				t.Errorf("%s: got error %v, want %v", c.name, err, c.want)
			}
			if got := saves.Load(); got != c.saves {
				t.Errorf("%s: got %d saves, want %d", c.name, got, c.saves)
			}
		}
		wantOK(t, connected)
		wantDeaths(t, s, 1)
	})
}

func TestConnectionIsNotSavedBlindly(t *testing.T) {
	s := newService(time.Hour)
	var saves atomic.Int64
	store := &faultyStore{ConnectionStore: s.connections}
	store.spoil(fails, func() error { saves.Add(1); return nil })
	err := client.SaveConnection(t.Context(), store, "user-1", client.Connection{RefreshToken: "refresh-9"})
	if !errors.Is(err, errDown) || saves.Load() != 0 {
		t.Errorf("got error %v and %d saves, want %v and none", err, saves.Load(), errDown)
	}
}

// TestStoreThatFailsIsSparedDuringAPause has requests come for a minute.
//
// Rules: S8.36.
func TestStoreThatFailsIsSparedDuringAPause(t *testing.T) {
	for name, c := range map[string]struct {
		load, save error
		most       int64
	}{
		"it cannot load": {errDown, nil, 7},  // after 0, 1, 3, 7, 15, 30 and 45 s
		"it cannot save": {nil, errDown, 36}, // and before each save, and after it
	} {
		t.Run(name, func(t *testing.T) {
			inFakeTime(t, func(t *testing.T) {
				s := newService(time.Hour)
				var loads atomic.Int64
				store := &faultyStore{ConnectionStore: s.connections}
				store.spoil(func() error { loads.Add(1); return c.load }, func() error { return c.save })
				transport := s.transport(t, func(c *client.Config) { c.Connections = store })
				for range 600 {
					if err := get(transport); !errors.Is(err, errDown) {
						t.Errorf("got error %v, want %v", err, errDown)
					}
					time.Sleep(100 * time.Millisecond)
				}
				if got := loads.Load(); got > c.most {
					t.Errorf("reads of the store in a minute: got %d, want %d at most", got, c.most)
				}
			})
		})
	}
}

// TestSaveThatTookEffectLateIsNotRepeated has the token endpoint's answer in the store
// before it is saved again.
//
// Rules: S8.16.
func TestSaveThatTookEffectLateIsNotRepeated(t *testing.T) {
	inFakeTime(t, func(t *testing.T) {
		s := newService(time.Hour)
		store := &lateStore{ConnectionStore: s.connections}
		transport := s.transport(t, func(c *client.Config) { c.Connections = store }, onlyAccess(s))
		store.late = true
		if err := get(transport); !errors.Is(err, errDown) {
			t.Errorf("got error %v, want %v", err, errDown)
		}
		store.late = false
		store.takeEffect()
		want := s.stored().Revision
		time.Sleep(time.Minute)
		wantOK(t, transport)
		if got := s.stored().Revision; got != want {
			t.Errorf("Revision: got %d, want %d as before", got, want)
		}
	})
}
