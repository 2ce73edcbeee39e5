package client_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/client"
	"github.com/google/go-cmp/cmp"
)

// hang is an answer that never comes.
func hang(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

// actAnd has the service act, and spoils its answer.
func actAnd(s *service, spoil answer) answer {
	return func(r *http.Request) (*http.Response, error) {
		s.actOn(r)
		return spoil(r)
	}
}

// wantAlive wants the connection to work, and never to have died.
func wantAlive(t *testing.T, s *service, transport http.RoundTripper) {
	t.Helper()
	wantOK(t, transport)
	wantDeaths(t, s, 0)
}

// Rules: S8.8, S8.15.
func TestLostTokenAnswerCostsNoConnection(t *testing.T) {
	for name, spoil := range map[string]answer{"it hangs": hang, "its body is cut": cutBody, "it is cut": cut, "a proxy's page": page(502), "a proxy's 200": page(200)} {
		t.Run(name, func(t *testing.T) {
			inFakeTime(t, func(t *testing.T) {
				s := newService(time.Hour)
				transport := s.transport(t)
				s.next(refresh, actAnd(s, spoil))
				wantAlive(t, s, transport)
				time.Sleep(2 * time.Hour)
				wantAlive(t, s, transport)
			})
		})
	}
}

// Rules: S8.15.
func TestAttemptsOfARefreshEndWithinTheGrace(t *testing.T) {
	inFakeTime(t, func(t *testing.T) {
		s := newService(time.Hour)
		transport := s.transport(t)
		s.always(refresh, hang)
		began := time.Now()
		if err := get(transport); err == nil {
			t.Error("got no error, want one")
		}
		if got := time.Since(began); got > 28*time.Second {
			t.Errorf("time of a renewal: got %v, want less than the grace of 30 s", got)
		}
		wantCount(t, s, refresh, 3, 4)
	})
}

// spoiltStore is a store that fails as its fields say.
type spoiltStore struct {
	client.ConnectionStore
	load, save, lock atomic.Bool
	panics           atomic.Bool
	slow             atomic.Int64 // seconds that each call lasts
}

func (f *spoiltStore) spoil(ctx context.Context, fails *atomic.Bool) error {
	if seconds := f.slow.Load(); seconds > 0 {
		select {
		case <-time.After(time.Duration(seconds) * time.Second):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	if f.panics.Load() {
		panic("no database")
	}
	if fails.Load() {
		return errors.New("disk full")
	}
	return nil
}

func (f *spoiltStore) Load(ctx context.Context, id string) (client.Connection, error) {
	if err := f.spoil(ctx, &f.load); err != nil {
		return client.Connection{}, err
	}
	return f.ConnectionStore.Load(ctx, id)
}

func (f *spoiltStore) Save(ctx context.Context, id string, c client.Connection) error {
	if err := f.spoil(ctx, &f.save); err != nil {
		return err
	}
	return f.ConnectionStore.Save(ctx, id, c)
}

func (f *spoiltStore) Lock(ctx context.Context, id string) (func(), error) {
	if err := f.spoil(ctx, &f.lock); err != nil {
		return nil, err
	}
	return f.ConnectionStore.Lock(ctx, id)
}

// spoilable gives s a store that can fail.
func (s *service) spoilable() *spoiltStore {
	store := &spoiltStore{ConnectionStore: s.connections}
	s.connections = store
	return store
}

// TestAnswerIsKeptUntilItCanBeSaved has two processes whose store cannot save for 40
// s. Their old tokens live on, or there are none.
//
// Rules: S8.16, S8.17, S8.29, S8.35.
func TestAnswerIsKeptUntilItCanBeSaved(t *testing.T) {
	for name, connect := range map[string]func(*testing.T, *service) *client.Transport{
		"first tokens": func(t *testing.T, s *service) *client.Transport { return s.transport(t) },
		"renewed tokens": func(t *testing.T, s *service) *client.Transport {
			transport := s.connected(t)
			time.Sleep(59*time.Minute + 15*time.Second)
			return transport
		},
	} {
		t.Run(name, func(t *testing.T) {
			inFakeTime(t, func(t *testing.T) {
				s := newService(time.Hour)
				store := s.spoilable()
				transport, other := connect(t, s), s.transport(t)
				store.save.Store(true)
				for second := range 40 {
					if err := get(transport); name == "renewed tokens" && err != nil || err != nil && !errorContains(err, "disk full") {
						t.Errorf("after %d s: got error %v, want none while the old token lives, and else that of the store", second, err)
					}
					time.Sleep(time.Second)
				}
				wantCount(t, s, refresh, 1, 1)
				wantCount(t, s, mint, 0, 0)
				get(other) // the stored refresh token, after the grace
				wantDeaths(t, s, 0)

				store.save.Store(false)
				time.Sleep(16 * time.Second)
				if got, want := s.stored().RefreshToken, fmt.Sprintf("refresh-%d", s.issued["refresh"]); got != want {
					t.Errorf("stored refresh token, without a request: got %q, want %q", got, want)
				}
				for range 3 {
					wantAlive(t, s, transport)
					wantAlive(t, s, other)
					time.Sleep(time.Hour)
				}
			})
		})
	}
}

// TestMintedTokenIsUsedThoughItCannotBeSaved holds since nothing is lost with it.
func TestMintedTokenIsUsedThoughItCannotBeSaved(t *testing.T) {
	inFakeTime(t, func(t *testing.T) {
		s := newService(time.Hour)
		store := s.spoilable()
		transport := s.transport(t)
		s.next(mint, func(r *http.Request) (*http.Response, error) {
			store.save.Store(true)
			return s.actOn(r)
		})
		for range 40 {
			wantAlive(t, s, transport)
			time.Sleep(time.Second)
		}
		wantCount(t, s, mint, 1, 1)
		store.save.Store(false)
		time.Sleep(16 * time.Second)
		if got, want := s.stored().Installation.Text, "installation-1"; got != want {
			t.Errorf("stored installation token: got %q, want %q", got, want)
		}
	})
}

// TestSaveThatTookEffectIsNoFault has the store lose the reply.
func TestSaveThatTookEffectIsNoFault(t *testing.T) {
	inFakeTime(t, func(t *testing.T) {
		s := newService(time.Hour)
		s.connections = lostReplies{s.connections}
		transport := s.transport(t)
		for range 3 {
			wantAlive(t, s, transport)
			time.Sleep(time.Hour)
		}
		if s.reused > 0 {
			t.Errorf("retired refresh tokens sent: got %d, want 0", s.reused)
		}
	})
}

type lostReplies struct{ client.ConnectionStore }

func (l lostReplies) Save(ctx context.Context, id string, c client.Connection) error {
	if err := l.ConnectionStore.Save(ctx, id, c); err != nil {
		return err
	}
	return errors.New("connection reset")
}

// reconnect stores what the user's next connection leads to.
func (s *service) reconnect() {
	s.locked(func() {
		s.revoked = false
		s.issued["refresh"] += 10
	})
	s.save(client.Connection{GrantID: "grant-1", RefreshToken: fmt.Sprintf("refresh-%d", s.issued["refresh"])})
}

// Rules: S8.4, S8.9, S8.13.
func TestReplacedConnectionIsUsed(t *testing.T) {
	for _, c := range []struct {
		name  string
		route string
		code  bearergate.Code
	}{
		{"after 410", read, bearergate.ErrGrantRevoked},
		{"after 410 for minting", mint, bearergate.ErrGrantRevoked},
		{"after a refused refresh", refresh, bearergate.ErrInvalidGrant},
		{"for wider scopes", read, bearergate.ErrMissingScope},
	} {
		t.Run(c.name, func(t *testing.T) {
			inFakeTime(t, func(t *testing.T) {
				s := newService(time.Hour)
				transport := s.connected(t)
				if c.route != read {
					time.Sleep(time.Hour)
				}
				s.next(c.route, func(r *http.Request) (*http.Response, error) {
					s.reconnect()
					return refuse(c.code)(r)
				})
				for range 50 {
					wantAlive(t, s, transport)
					time.Sleep(time.Minute)
				}
			})
		})
	}
}

// TestDeathIsLatchedInEveryProcess has a store that the user's next connection comes
// to.
//
// Rules: S8.13, S8.33.
func TestDeathIsLatchedInEveryProcess(t *testing.T) {
	inFakeTime(t, func(t *testing.T) {
		s := newService(time.Hour)
		one, two := s.connected(t), s.transport(t)
		wantOK(t, two)
		s.revoke()
		wantReconnect(t, get(one), bearergate.ErrGrantRevoked)
		wantReconnect(t, get(two), bearergate.ErrGrantRevoked)
		s.forget()
		for range 100 {
			wantReconnect(t, get(one), bearergate.ErrGrantRevoked)
			wantReconnect(t, get(two), bearergate.ErrGrantRevoked)
			time.Sleep(100 * time.Millisecond)
		}
		wantAsked(t, s)
		wantDeaths(t, s, 2)
		s.reconnect()
		time.Sleep(time.Second)
		wantOK(t, one)
		wantOK(t, two)
		s.revoke()
		wantReconnect(t, get(one), bearergate.ErrGrantRevoked)
		wantDeaths(t, s, 3)
	})
}

func TestDeathThatCouldNotBeSavedIsLatched(t *testing.T) {
	inFakeTime(t, func(t *testing.T) {
		s := newService(time.Hour)
		store := s.spoilable()
		transport := s.connected(t)
		store.save.Store(true)
		s.revoke()
		for range 10 {
			wantReconnect(t, get(transport), bearergate.ErrGrantRevoked)
			time.Sleep(time.Second)
		}
		wantAsked(t, s, read)
		wantDeaths(t, s, 1)
		store.save.Store(false)
		wantReconnect(t, get(transport), bearergate.ErrGrantRevoked)
		if got, want := s.stored().Dead, bearergate.ErrGrantRevoked; got != want {
			t.Errorf("stored Dead: got %q, want %q", got, want)
		}
		s.reconnect()
		time.Sleep(time.Second)
		wantOK(t, transport)
	})
}

// TestStoreThatCannotBeAskedKillsNothing has the user connect again while the store
// is down.
func TestStoreThatCannotBeAskedKillsNothing(t *testing.T) {
	inFakeTime(t, func(t *testing.T) {
		s := newService(time.Hour)
		store := s.spoilable()
		transport := s.connected(t)
		s.reconnect()
		store.load.Store(true)
		s.next(read, refuse(bearergate.ErrGrantRevoked))
		err := get(transport)
		wantReconnect(t, err, bearergate.ErrGrantRevoked)
		if !errorContains(err, "disk full") {
			t.Errorf("got error %v, want one with %q", err, "disk full")
		}
		wantDeaths(t, s, 0)
		store.load.Store(false)
		wantAlive(t, s, transport)
	})
}

// Rules: S8.2.
func TestTokenIsRenewedThoughTheBodyCannotBeRepeated(t *testing.T) {
	inFakeTime(t, func(t *testing.T) {
		s := newService(time.Hour)
		transport := s.connected(t)
		upload := func() error {
			_, err := ask(transport, http.MethodPost, onlyReader{strings.NewReader("x")})
			return err
		}
		s.locked(func() { clear(s.ends) })
		wantCode(t, upload(), bearergate.ErrInvalidToken)
		for range 50 {
			if err := upload(); err != nil {
				t.Errorf("the next upload: got error %v, want none", err)
			}
		}
		wantCount(t, s, refresh, 1, 1)

		s.revoke()
		s.locked(func() { clear(s.ends) })
		wantCode(t, upload(), bearergate.ErrInvalidToken)
		wantReconnect(t, upload(), bearergate.ErrInvalidGrant)
		wantDeaths(t, s, 1)
	})
}

// Rules: S8.34.
func TestReconnectDuringARenewalStays(t *testing.T) {
	for _, route := range []string{refresh, mint} {
		t.Run(route, func(t *testing.T) {
			inFakeTime(t, func(t *testing.T) {
				s := newService(time.Hour)
				transport := s.transport(t)
				s.next(route, func(r *http.Request) (*http.Response, error) {
					resp, err := s.actOn(r)
					s.reconnect()
					return resp, err
				})
				wantOK(t, transport)
				time.Sleep(2 * time.Hour)
				wantAlive(t, s, transport)
				if got := s.stored().RefreshToken; got < "refresh-12" {
					t.Errorf("stored refresh token: got %q, want one that the reconnect led to", got)
				}
			})
		})
	}
}

// Rules: S8.21.
func TestRenewalHoldsUpNobodyWhoseTokenLives(t *testing.T) {
	inFakeTime(t, func(t *testing.T) {
		s := newService(time.Hour)
		transport := s.connected(t)
		time.Sleep(59*time.Minute + time.Second)
		s.always(refresh, hang)
		for range 50 {
			wantTook(t, 0, func() { wantOK(t, transport) })
			time.Sleep(time.Second)
		}
	})
}

// Rules: S8.36.
func TestRetryAfterOfTheTokenEndpointIsHeeded(t *testing.T) {
	inFakeTime(t, func(t *testing.T) {
		s := newService(time.Hour)
		transport := s.transport(t)
		s.next(refresh, refuseFor(bearergate.ErrTemporarilyUnavailable, 100*time.Second))
		for range 99 {
			wantTook(t, 0, func() { wantCode(t, get(transport), bearergate.ErrTemporarilyUnavailable) })
			time.Sleep(time.Second)
		}
		wantAsked(t, s, refresh)
		time.Sleep(2 * time.Second)
		wantAlive(t, s, transport)
	})
}

// Rules: S8.36.
func TestFailingRenewalsPauseLongerAndLonger(t *testing.T) {
	inFakeTime(t, func(t *testing.T) {
		s := newService(time.Hour)
		transport := s.transport(t)
		began := time.Now()
		var asked []int // in these seconds
		s.always(refresh, func(r *http.Request) (*http.Response, error) {
			asked = append(asked, int(time.Since(began).Seconds()))
			return refuse(bearergate.ErrInvalidClient)(r)
		})
		for range 600 {
			get(transport)
			time.Sleep(100 * time.Millisecond)
		}
		if diff := cmp.Diff([]int{0, 1, 3, 7, 15, 30, 45}, asked); diff != "" {
			t.Errorf("seconds of the renewals: -want +got\n%s", diff)
		}
		s.next(refresh)
		time.Sleep(15 * time.Second)
		wantAlive(t, s, transport)
	})
}

// Rules: S8.37.
func TestServerThatRefusesEveryTokenIsAskedForFew(t *testing.T) {
	inFakeTime(t, func(t *testing.T) {
		s := newService(time.Hour)
		transport := s.connected(t)
		s.always(read, refuse(bearergate.ErrInvalidToken))
		for minute := range 3 {
			for range 590 {
				wantCode(t, get(transport), bearergate.ErrInvalidToken)
				time.Sleep(100 * time.Millisecond)
			}
			wantCount(t, s, refresh, 4*(minute+1), 4*(minute+1))
			wantCount(t, s, mint, 4*(minute+1), 4*(minute+1))
			time.Sleep(time.Second)
		}
		s.next(read)
		wantAlive(t, s, transport)
	})
}

// Rules: S8.20.
func TestRequestNeverOutlivesItsContext(t *testing.T) {
	for name, prepare := range map[string]func(*service, *spoiltStore){
		"the token endpoint hangs":    func(s *service, _ *spoiltStore) { time.Sleep(2 * time.Hour); s.always(refresh, hang) },
		"the mint route hangs":        func(s *service, _ *spoiltStore) { time.Sleep(2 * time.Hour); s.always(mint, hang) },
		"the API hangs":               func(s *service, _ *spoiltStore) { s.always(read, hang) },
		"the store is slow":           func(_ *service, f *spoiltStore) { time.Sleep(2 * time.Hour); f.slow.Store(100) },
		"dead, and the store is slow": func(s *service, f *spoiltStore) { s.revoke(); f.slow.Store(100) },
		"scope, and the store is slow": func(s *service, f *spoiltStore) {
			s.always(read, refuse(bearergate.ErrMissingScope))
			f.slow.Store(100)
		},
		"401, and the store is slow": func(s *service, f *spoiltStore) {
			s.always(read, refuse(bearergate.ErrInvalidToken))
			f.slow.Store(100)
		},
		"asked to wait": func(s *service, _ *spoiltStore) { s.always(read, refuseFor(bearergate.ErrRateLimited, 20*time.Second)) },
	} {
		t.Run(name, func(t *testing.T) {
			inFakeTime(t, func(t *testing.T) {
				s := newService(time.Hour)
				store := s.spoilable()
				transport := s.connected(t)
				prepare(s, store)
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				r, _ := http.NewRequestWithContext(ctx, "GET", origin, nil)
				wantTook(t, time.Second, func() {
					if _, err := transport.RoundTrip(r); err == nil {
						t.Error("got no error, want one")
					}
				})
				store.slow.Store(0)
			})
		})
	}
}

// Rules: S8.38.
func TestRequestsThatWaitComeBackSpread(t *testing.T) {
	inFakeTime(t, func(t *testing.T) {
		s := newService(time.Hour)
		transport := s.connected(t)
		s.next(read, slicesOf(50, refuseFor(bearergate.ErrRateLimited, 20*time.Second))...)
		began := time.Now()
		var early, seconds [30]atomic.Int64
		together(50, func() {
			wantOK(t, transport)
			took := time.Since(began)
			seconds[took/time.Second].Add(1)
			if took < 20*time.Second {
				early[0].Add(1)
			}
		})
		if early[0].Load() > 0 {
			t.Errorf("requests that came back before Retry-After: got %d, want 0", early[0].Load())
		}
		for second := range seconds {
			if got := seconds[second].Load(); got > 25 {
				t.Errorf("requests that came back in second %d: got %d of 50, want them spread over 5", second, got)
			}
		}
	})
}

func slicesOf(n int, a answer) (all []answer) {
	for range n {
		all = append(all, a)
	}
	return all
}

// Rules: S8.19.
func TestTokenOfAnotherTypeIsNotUsed(t *testing.T) {
	for tokenType, ok := range map[string]bool{"Bearer": true, "bearer": true, "BEARER": true, "mac": false, "DPoP": false, "": false, "Bearer ": false, "N_A": false} {
		t.Run(tokenType, func(t *testing.T) {
			inFakeTime(t, func(t *testing.T) {
				s := newService(time.Hour)
				transport := s.transport(t, func(c *client.Config) { c.MintURL = "" })
				s.next(refresh, send(200, "application/json", fmt.Sprintf(`{"access_token":"x","token_type":%q,"expires_in":60,"refresh_token":"refresh-7"}`, tokenType)))
				s.next(read, send(200, "text/plain", "GET"))
				err := get(transport)
				if (err == nil) != ok {
					t.Errorf("got error %v, want the token used: %t", err, ok)
				}
				if got := s.stored().RefreshToken; got != "refresh-7" {
					t.Errorf("stored refresh token: got %q, want that of the answer", got)
				}
			})
		})
	}
}

func TestAPIThatTakesAccessTokensNeedsNoMintURL(t *testing.T) {
	inFakeTime(t, func(t *testing.T) {
		s := newService(time.Hour)
		s.kind = "access"
		transport := s.transport(t, func(c *client.Config) { c.MintURL = "" })
		for range 3 {
			wantAlive(t, s, transport)
			time.Sleep(time.Hour)
		}
		wantAsked(t, s, refresh, read, refresh, read, refresh, read)
		s.next(read, refuse(bearergate.ErrInvalidToken))
		wantAlive(t, s, transport)
		s.revoke()
		wantReconnect(t, get(transport), bearergate.ErrGrantRevoked)
	})
}

// Rules: S8.39.
func TestPanicEndsTheRequestAlone(t *testing.T) {
	t.Run("of a store", func(t *testing.T) {
		inFakeTime(t, func(t *testing.T) {
			s := newService(time.Hour)
			store := s.spoilable()
			transport := s.transport(t)
			store.panics.Store(true)
			if err := get(transport); !errorContains(err, "no database") {
				t.Errorf("got error %v, want one with %q", err, "no database")
			}
			store.panics.Store(false)
			time.Sleep(time.Second)
			wantAlive(t, s, transport)
		})
	})
	t.Run("of Dead", func(t *testing.T) {
		inFakeTime(t, func(t *testing.T) {
			s := newService(time.Hour)
			transport := s.transport(t, func(c *client.Config) { c.Dead = func(error) { panic("no template") } })
			s.revoke()
			wantReconnect(t, get(transport), bearergate.ErrInvalidGrant)
			synctest.Wait()
			wantReconnect(t, get(transport), bearergate.ErrInvalidGrant)
		})
	})
}

// TestBodiesAreClosedOnEveryPath counts the bodies of answers that the Transport
// does not return.
func TestBodiesAreClosedOnEveryPath(t *testing.T) {
	for _, route := range []string{refresh, mint, read} {
		for name, a := range map[string]answer{
			"401": refuse(bearergate.ErrInvalidToken), "410": refuse(bearergate.ErrGrantRevoked), "429": refuse(bearergate.ErrRateLimited),
			"403": refuse(bearergate.ErrMissingScope), "invalid_grant": refuse(bearergate.ErrInvalidGrant), "page": page(502), "200": page(200),
			"cut body": cutBody, "redirect": page(302),
		} {
			t.Run(route+" "+name, func(t *testing.T) {
				inFakeTime(t, func(t *testing.T) {
					s := newService(time.Hour)
					var open atomic.Int64
					transport := s.transport(t, func(c *client.Config) {
						c.Base = roundTripper(func(r *http.Request) (*http.Response, error) {
							resp, err := s.RoundTrip(r)
							if resp != nil {
								open.Add(1)
								resp.Body = &countedBody{ReadCloser: resp.Body, open: &open}
							}
							return resp, err
						})
					})
					s.next(route, a, a)
					ask(transport, http.MethodGet, nil)
					time.Sleep(time.Minute)
					if got := open.Load(); got != 0 {
						t.Errorf("bodies left open: got %d, want 0", got)
					}
				})
			})
		}
	}
}

type countedBody struct {
	io.ReadCloser
	open   *atomic.Int64
	closed atomic.Bool
}

func (c *countedBody) Close() error {
	if !c.closed.Swap(true) {
		c.open.Add(-1)
	}
	return c.ReadCloser.Close()
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
		store.spoil(func() error { time.Sleep(5 * time.Second); return nil }, nil)
		s.next(read, refuse(bearergate.ErrMissingScope), refuse(bearergate.ErrInvalidToken))
		go get(transport)
		time.Sleep(time.Second)
		_, err := ask(transport, http.MethodPost, io.MultiReader(strings.NewReader("x")))
		wantCode(t, err, bearergate.ErrInvalidToken)
		time.Sleep(time.Minute)
		wantCount(t, s, refresh, 1, 1)
	})
}
