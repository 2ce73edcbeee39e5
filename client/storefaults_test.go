package client_test

import (
	"context"
	"errors"
	"net/http"
	"net/url"
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
	load, save func() error // nil: none
}

func (f *faultyStore) Load(ctx context.Context, id string) (client.Connection, error) {
	if f.load != nil {
		if err := f.load(); err != nil {
			return client.Connection{}, err
		}
	}
	return f.ConnectionStore.Load(ctx, id)
}

func (f *faultyStore) Save(ctx context.Context, id string, c client.Connection) error {
	if f.save != nil {
		if err := f.save(); err != nil {
			return err
		}
	}
	return f.ConnectionStore.Save(ctx, id, c)
}

func fails() error  { return errDown }
func panics() error { panic("a store's fault") }

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
					store.load, store.save = c.load, c.save
					time.AfterFunc(20*time.Second, func() { store.load, store.save = nil, nil })
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
				transport := s.transport(t, func(c *client.Config) {
					c.Connections = &faultyStore{ConnectionStore: s.connections, save: save}
				})
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
		var tried []int // in these seconds
		began := time.Now()
		transport := s.transport(t, func(c *client.Config) {
			c.Connections = &faultyStore{ConnectionStore: s.connections, save: func() error {
				tried = append(tried, int(time.Since(began).Seconds()))
				return errDown
			}}
		})
		get(transport)
		time.Sleep(3 * time.Hour)
		want := []int{0, 1, 3, 7, 15}
		for len(want) < 121 {
			want = append(want, want[len(want)-1]+15)
		}
		if diff := cmp.Diff(want, tried); diff != "" {
			t.Errorf("seconds of the saves: -want +got\n%s", diff)
		}
		get(transport)
		if got := len(tried); got != 122 {
			t.Errorf("saves after one more request: got %d, want 122", got)
		}
	})
}

// Rules: S8.6.
func TestWiderScopesAreLookedForOnceASecond(t *testing.T) {
	inFakeTime(t, func(t *testing.T) {
		s := newService(time.Hour)
		loads := 0
		transport := s.transport(t, func(c *client.Config) {
			c.Connections = &faultyStore{ConnectionStore: s.connections, load: func() error { loads++; return nil }}
		})
		wantOK(t, transport)
		s.always(read, refuse(bearergate.ErrMissingScope))
		loads = 0
		for range 50 {
			wantCode(t, get(transport), bearergate.ErrMissingScope)
			time.Sleep(99 * time.Millisecond) // and the network takes one
		}
		if loads != 5 {
			t.Errorf("reads of the store in 5 s: got %d, want 5", loads)
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
		store := &faultyStore{ConnectionStore: s.connections, save: fails}
		transport := s.transport(t, func(c *client.Config) { c.Connections = store })
		if err := get(transport); !errors.Is(err, errDown) {
			t.Errorf("got error %v, want %v", err, errDown)
		}
		s.kill(bearergate.ErrGrantRevoked)
		store.save = nil
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
		saves := 0
		store := &faultyStore{ConnectionStore: s.connections, save: func() error { saves++; return client.ErrConflict }}
		conflicting := func(c *client.Config) { c.Connections = store }
		_, a := begun(t, s)
		for name, c := range map[string]struct {
			act   func(*client.Transport) error
			want  error
			saves int
		}{
			"renewal": {func(transport *client.Transport) error {
				s.next(read, refuse(bearergate.ErrInvalidToken))
				return get(transport)
			}, client.ErrConflict, 100},
			"death": {func(transport *client.Transport) error {
				s.next(read, refuse(bearergate.ErrGrantRevoked))
				return get(transport)
			}, bearergate.ErrGrantRevoked, 16},
			"Connect": {func(transport *client.Transport) error {
				return transport.Connect(t.Context(), a, url.Values{"code": {"code"}, "state": {a.State}})
			}, client.ErrConflict, 100},
			"SaveConnection": {func(*client.Transport) error {
				return client.SaveConnection(t.Context(), store, "user-1", client.Connection{})
			}, client.ErrConflict, 100},
		} {
			saves = 0
			if err := c.act(s.transport(t, conflicting)); !errors.Is(err, c.want) {
				t.Errorf("%s: got error %v, want %v", name, err, c.want)
			}
			if saves != c.saves {
				t.Errorf("%s: got %d saves, want %d", name, saves, c.saves)
			}
		}
		wantAlive(t, s, connected)
	})
}

func TestConnectionIsNotSavedBlindly(t *testing.T) {
	s := newService(time.Hour)
	saves := 0
	store := &faultyStore{ConnectionStore: s.connections, load: fails, save: func() error { saves++; return nil }}
	err := client.SaveConnection(t.Context(), store, "user-1", client.Connection{RefreshToken: "refresh-9"})
	if !errors.Is(err, errDown) || saves != 0 {
		t.Errorf("got error %v and %d saves, want %v and none", err, saves, errDown)
	}
}
