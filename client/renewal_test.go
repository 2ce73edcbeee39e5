package client_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/client"
)

// Rules: S8.14, S8.30.
func TestTokensAreRenewedOnceForAll(t *testing.T) {
	inFakeTime(t, func(t *testing.T) {
		s := newService(2 * time.Second)
		transport := s.transport(t)
		together(200, func() {
			for range 50 {
				wantOK(t, transport)
				time.Sleep(200 * time.Millisecond)
			}
		})
		// In 10 s, a token of 2 s is renewed each 1.5 s.
		wantCount(t, s, refresh, 5, 8)
		wantCount(t, s, mint, 5, 8)
		if s.reused > 0 {
			t.Errorf("retired refresh tokens sent: got %d, want 0", s.reused)
		}
	})
}

// Rules: S8.30.
func TestTokenIsRenewedAMinuteBeforeItsEnd(t *testing.T) {
	inFakeTime(t, func(t *testing.T) {
		s := newService(time.Hour)
		transport := s.transport(t)
		wantOK(t, transport)
		wantAsked(t, s, refresh, mint, read)
		time.Sleep(58 * time.Minute)
		wantOK(t, transport)
		time.Sleep(30 * time.Second)
		wantAsked(t, s, read)
		time.Sleep(time.Minute)
		wantOK(t, transport)
		time.Sleep(time.Second)
		wantCount(t, s, refresh, 1, 1)
		wantCount(t, s, mint, 1, 1)
	})
}

// Rules: S8.1.
func TestRefusedTokenIsReplacedAndTheRequestRepeatedOnce(t *testing.T) {
	inFakeTime(t, func(t *testing.T) {
		s := newService(time.Hour)
		transport := s.connected(t)
		s.next(read, refuse(bearergate.ErrInvalidToken))
		wantOK(t, transport)
		wantAsked(t, s, read, refresh, mint, read)

		s.next(read, refuse(bearergate.ErrInvalidToken), refuse(bearergate.ErrInvalidToken))
		wantCode(t, get(transport), bearergate.ErrInvalidToken)
		wantAsked(t, s, read, refresh, mint, read)

		wantOK(t, transport)
		wantAsked(t, s, read)
	})
}

func TestRefusedAccessTokenIsRefreshedOnce(t *testing.T) {
	inFakeTime(t, func(t *testing.T) {
		s := newService(time.Hour)
		s.connected(t)
		c := s.stored()
		c.Installation = client.StoredToken{}
		s.save(c)

		s.next(mint, refuse(bearergate.ErrInvalidToken))
		wantOK(t, s.transport(t))
		wantAsked(t, s, mint, refresh, mint, read)

		s.save(client.Connection{GrantID: "grant-1", RefreshToken: s.stored().RefreshToken})
		s.next(mint, refuse(bearergate.ErrInvalidToken))
		wantCode(t, get(s.transport(t)), bearergate.ErrInvalidToken)
		wantAsked(t, s, refresh, mint)
	})
}

// TestRefusalOfAnOldTokenRefreshesNothing has requests that were sent with one
// token answered one by one, after it was replaced.
//
// Rules: S8.1.
func TestRefusalOfAnOldTokenRefreshesNothing(t *testing.T) {
	inFakeTime(t, func(t *testing.T) {
		s := newService(time.Hour)
		transport := s.connected(t)
		s.locked(func() { s.ends["installation-1"] = time.Now() })
		var answered atomic.Int64
		slow := s.transport(t, func(c *client.Config) {
			c.Base = roundTripper(func(r *http.Request) (*http.Response, error) {
				if r.Header.Get("Authorization") == "Bearer installation-1" {
					time.Sleep(time.Duration(answered.Add(1)) * 10 * time.Millisecond)
				}
				return s.RoundTrip(r)
			})
		})
		together(100, func() { wantOK(t, slow) })
		wantOK(t, transport) // of another process
		wantCount(t, s, refresh, 1, 1)
		wantCount(t, s, mint, 1, 1)
	})
}

// roundTripper is a function as an [http.RoundTripper].
type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// TestRenewalIsRepeatedByItself has the request wait while an endpoint cannot
// answer, and not for ever.
func TestRenewalIsRepeatedByItself(t *testing.T) {
	for _, route := range []string{refresh, mint} {
		t.Run(route, func(t *testing.T) {
			inFakeTime(t, func(t *testing.T) {
				s := newService(time.Hour)
				s.next(route, refuseFor(bearergate.ErrTemporarilyUnavailable, 2*time.Second), cut)
				wantTook(t, 3*time.Second, func() { wantOK(t, s.transport(t)) })
				wantCount(t, s, route, 3, 3)

				s.save(client.Connection{GrantID: "grant-1", RefreshToken: "refresh-2"})
				s.forget()
				s.always(route, cut)
				if err := get(s.transport(t)); err == nil {
					t.Errorf("without an answer of %s: got no error, want one", route)
				}
				wantCount(t, s, route, 4, 4)
			})
		})
	}
}

func TestTokenRequestIsRepeatedIfThatCanHelp(t *testing.T) {
	for name, c := range map[string]struct {
		fault answer
		asked int
	}{
		"a cut connection":       {cut, 2},
		"503":                    {refuse(bearergate.ErrTemporarilyUnavailable), 2},
		"429":                    {refuse(bearergate.ErrRateLimited), 2},
		"429 of a proxy":         {page(429), 2},
		"502 of a proxy":         {page(502), 2},
		"500 of the table":       {refuse(bearergate.ErrServerError), 2},
		"400":                    {refuse(bearergate.ErrInvalidRequest), 1},
		"401 of a proxy":         {page(401), 1},
		"invalid_client":         {refuse(bearergate.ErrInvalidClient), 1},
		"200 without a token":    {send(200, "application/json", `{}`), 1},
		"200 with an end alone":  {send(200, "application/json", `{"token_type":"Bearer","expires_in":60}`), 1},
		"200 of a proxy":         {page(200), 2},
		"a cut body":             {cutBody, 2},
		"a token with an error":  {send(200, "application/json", `{"error":"x","access_token":"access-1","token_type":"Bearer","expires_in":60}`), 2},
		"a token in a redirect":  {send(302, "application/json", `{"access_token":"access-1","token_type":"Bearer","expires_in":60}`), 1},
		"a token that lasts NaN": {send(200, "application/json", `{"access_token":"access-1","token_type":"Bearer","expires_in":"NaN"}`), 1},
		"a token without an end": {send(200, "application/json", `{"access_token":"access-1","token_type":"Bearer"}`), 1},
	} {
		t.Run(name, func(t *testing.T) {
			inFakeTime(t, func(t *testing.T) {
				s := newService(time.Hour)
				transport := s.transport(t)
				s.next(refresh, c.fault)
				if c.asked == 1 {
					if err := get(transport); err == nil {
						t.Error("got no error, want one")
					}
					wantAsked(t, s, refresh)
					return
				}
				wantOK(t, transport)
				wantAsked(t, s, refresh, refresh, mint, read)
			})
		})
	}
}

// TestTokenRequestIsRepeatedAtOnceAfterTheFirstFault holds since the answer of the first
// attempt may have been lost.
func TestTokenRequestIsRepeatedAtOnceAfterTheFirstFault(t *testing.T) {
	inFakeTime(t, func(t *testing.T) {
		s := newService(time.Hour)
		transport := s.transport(t)
		s.next(refresh, cut)
		wantTook(t, 0, func() { wantOK(t, transport) })
	})
}

// Rules: S8.14.
func TestRenewalIsOneForAllThatWait(t *testing.T) {
	inFakeTime(t, func(t *testing.T) {
		s := newService(time.Hour)
		store := &countingLocks{ConnectionStore: s.connections}
		s.connections = store
		transport := s.transport(t)
		together(100, func() { wantOK(t, transport) })
		if got := store.locks.Load(); got != 1 {
			t.Errorf("locks of the connection: got %d, want 1", got)
		}
	})
}

type countingLocks struct {
	client.ConnectionStore
	locks atomic.Int64
}

func (c *countingLocks) Lock(ctx context.Context, id string) (func(), error) {
	c.locks.Add(1)
	return c.ConnectionStore.Lock(ctx, id)
}

func TestMintThatHelpsNobodyIsNotAskedForEver(t *testing.T) {
	same := send(201, "application/json", `{"token":"same","token_type":"Bearer","expires_in":3600}`)
	ended := func(r *http.Request) (*http.Response, error) {
		time.Sleep(2 * time.Second)
		return send(201, "application/json", `{"token":"short","token_type":"Bearer","expires_in":1}`)(r)
	}
	for name, c := range map[string]struct {
		answer answer
		want   int
	}{"the same token": {same, 2}, "a token that ended on the way": {ended, 1}} {
		t.Run(name, func(t *testing.T) {
			inFakeTime(t, func(t *testing.T) {
				s := newService(time.Hour)
				s.always(mint, c.answer)
				s.always(read, refuse(bearergate.ErrInvalidToken))
				if err := get(s.transport(t)); err == nil {
					t.Error("got no error, want one")
				}
				wantCount(t, s, mint, c.want, c.want)
				wantCount(t, s, refresh, c.want, c.want)
			})
		})
	}
}

// Rules: S8.32.
func TestLivingTokenIsUsedWhileItCannotBeRenewed(t *testing.T) {
	inFakeTime(t, func(t *testing.T) {
		s := newService(time.Hour)
		transport := s.connected(t)
		time.Sleep(59*time.Minute + 10*time.Second)
		s.always(refresh, cut)
		s.always(mint, cut)
		wantOK(t, transport)
	})
}

// failingSave is a store that may be unable to save.
type failingSave struct {
	client.ConnectionStore
	fails atomic.Bool
}

func (f *failingSave) Save(ctx context.Context, id string, c client.Connection) error {
	if f.fails.Load() {
		return errors.New("disk full")
	}
	return f.ConnectionStore.Save(ctx, id, c)
}

// TestObsoleteInstallationTokenIsNotKept has another process look while minting
// fails after a refresh.
func TestObsoleteInstallationTokenIsNotKept(t *testing.T) {
	inFakeTime(t, func(t *testing.T) {
		s := newService(time.Hour)
		transport := s.connected(t)
		s.next(read, refuse(bearergate.ErrInvalidToken))
		s.always(mint, cut)
		if err := get(transport); err == nil {
			t.Error("without minting: got no error, want one")
		}
		if got := s.stored().Installation.Text; got != "" {
			t.Errorf("stored installation token after a refresh: got %q, want none", got)
		}
		s.forget()
		get(s.transport(t))
		wantCount(t, s, read, 0, 0)
	})
}

// Rules: S8.31.
func TestProcessesShareAConnection(t *testing.T) {
	inFakeTime(t, func(t *testing.T) {
		s := newService(2 * time.Second)
		var processes sync.WaitGroup
		for range 10 {
			transport := s.transport(t)
			processes.Go(func() {
				together(10, func() {
					for range 20 {
						wantOK(t, transport)
						time.Sleep(300 * time.Millisecond)
					}
				})
			})
		}
		processes.Wait()
		wantCount(t, s, refresh, 1, 6)
		wantCount(t, s, mint, 1, 6)
		if s.reused > 0 {
			t.Errorf("retired refresh tokens sent: got %d, want 0", s.reused)
		}
	})
}

// Rules: S8.20.
func TestWaitersLeaveByTheirOwnContext(t *testing.T) {
	inFakeTime(t, func(t *testing.T) {
		s := newService(time.Hour)
		transport := s.transport(t, func(c *client.Config) {
			c.Base = roundTripper(func(r *http.Request) (*http.Response, error) {
				if routeOf(r) == refresh {
					time.Sleep(5 * time.Second)
				}
				return s.RoundTrip(r)
			})
		})
		wantTook(t, time.Second, func() {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			r, _ := http.NewRequestWithContext(ctx, "GET", origin, nil)
			if _, err := transport.RoundTrip(r); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("got error %v, want %v", err, context.DeadlineExceeded)
			}
		})
		wantOK(t, transport)
		wantAsked(t, s, refresh, mint, read)
	})
}

// TestTokenRequestsAreEncoded has a grant, a client and a secret whose bytes mean
// something in a URL and in Basic credentials (RFC 6749 section 2.3.1).
func TestTokenRequestsAreEncoded(t *testing.T) {
	inFakeTime(t, func(t *testing.T) {
		s := newService(time.Hour)
		s.save(client.Connection{GrantID: "../a/b?c#d%20", RefreshToken: "refresh-1"})
		var id, secret, path string
		transport := s.transport(t, func(c *client.Config) {
			c.ClientID, c.ClientSecret = "app:1 ü", "100%&+/="
			c.Base = roundTripper(func(r *http.Request) (*http.Response, error) {
				switch routeOf(r) {
				case refresh:
					id, secret, _ = r.BasicAuth()
				case mint:
					path = r.URL.RequestURI()
				}
				return s.RoundTrip(r)
			})
		})
		wantOK(t, transport)
		for _, c := range []struct{ what, got, want string }{
			{"client id", id, "app%3A1+%C3%BC"},
			{"client secret", secret, "100%25%26%2B%2F%3D"},
			{"path of the mint route", path, "/installations/..%2Fa%2Fb%3Fc%23d%2520/tokens"},
		} {
			if c.got != c.want {
				t.Errorf("%s: got %q, want %q", c.what, c.got, c.want)
			}
		}
	})
}

func TestPublicClientSendsItsIDInTheBody(t *testing.T) {
	inFakeTime(t, func(t *testing.T) {
		s := newService(time.Hour)
		transport := s.transport(t, func(c *client.Config) {
			c.ClientSecret = ""
			c.Base = roundTripper(func(r *http.Request) (*http.Response, error) {
				if routeOf(r) != refresh {
					return s.RoundTrip(r)
				}
				if r.ParseForm(); r.PostForm.Get("client_id") != "app" || r.Header.Get("Authorization") != "" {
					t.Errorf("got form %v and Authorization %q, want client_id=app and none", r.PostForm, r.Header.Get("Authorization"))
				}
				return send(200, "application/json", `{"access_token":"x","token_type":"Bearer","expires_in":60}`)(r)
			})
		})
		wantCode(t, get(transport), bearergate.ErrInvalidToken) // x does not mint
		if got := s.stored().RefreshToken; got != "refresh-1" {
			t.Errorf("refresh token after an answer without one: got %q, want it kept", got)
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

// Rules: S8.30.
func TestShortTokenIsRenewedInItsLastQuarter(t *testing.T) {
	for _, lifetime := range []time.Duration{20 * time.Second, 100 * time.Second, 240 * time.Second} {
		inFakeTime(t, func(t *testing.T) {
			s := newService(lifetime)
			transport := s.connected(t)
			time.Sleep(lifetime*3/4 - 100*time.Millisecond)
			wantOK(t, transport)
			time.Sleep(50 * time.Millisecond)
			wantAsked(t, s, read)
			time.Sleep(150 * time.Millisecond)
			wantOK(t, transport)
			time.Sleep(time.Second)
			wantCount(t, s, refresh, 1, 1)
		})
	}
}

func TestTokenThatLastsForEverIsUsed(t *testing.T) {
	for _, expiresIn := range []string{"9223372036854775807", "1e999"} {
		t.Run(expiresIn, func(t *testing.T) {
			inFakeTime(t, func(t *testing.T) {
				s := newService(time.Hour)
				transport := s.transport(t)
				s.next(mint, send(201, "application/json", `{"token":"installation-0","token_type":"Bearer","expires_in":`+expiresIn+`}`))
				s.locked(func() { s.ends["installation-0"] = time.Now().AddDate(200, 0, 0) })
				for range 3 {
					wantOK(t, transport)
					time.Sleep(40 * 365 * 24 * time.Hour)
				}
				wantAsked(t, s, refresh, mint, read, read, read)
			})
		})
	}
}

// TestRefusedTokenIsUsedAgainIfItsRenewalFailed has a look at the store last long.
//
// Rules: S8.21, S8.32.
func TestRefusedTokenIsUsedAgainIfItsRenewalFailed(t *testing.T) {
	inFakeTime(t, func(t *testing.T) {
		s := newService(time.Hour)
		store := s.spoilable()
		transport := s.connected(t)
		s.next(read, refuse(bearergate.ErrInvalidToken))
		s.next(refresh, refuse(bearergate.ErrInvalidClient))
		wantCode(t, get(transport), bearergate.ErrInvalidClient)
		time.Sleep(time.Second) // until the store is asked again
		store.slow.Store(5)
		s.next(read, refuse(bearergate.ErrMissingScope))
		go get(transport)
		time.Sleep(time.Second)
		wantTook(t, 0, func() { wantOK(t, transport) })
		wantAsked(t, s, read, refresh, read, read)
	})
}

func TestTokenAnswerWithARepeatedMemberIsUsed(t *testing.T) {
	inFakeTime(t, func(t *testing.T) {
		s := newService(time.Hour)
		transport := s.transport(t)
		s.next(mint, send(201, "application/json", `{"scope":"a","scope":"a","token":"installation-0","token_type":"Bearer","expires_in":60}`))
		s.locked(func() { s.ends["installation-0"] = time.Now().Add(time.Minute) })
		wantOK(t, transport)
		wantAsked(t, s, refresh, mint, read)
	})
}

// TestRenewalInTheLastMinuteIsPaced has requests come while the token lives and cannot be
// renewed.
//
// Rules: S8.32, S8.36.
func TestRenewalInTheLastMinuteIsPaced(t *testing.T) {
	for _, minting := range []bool{false, true} {
		for _, c := range []struct {
			name   string
			answer answer
			most   int
		}{
			{"asked to wait", refuseFor(bearergate.ErrTemporarilyUnavailable, 40*time.Minute), 1},
			{"down", page(502), 16}, // 4 attempts in 3 s, four times, with pauses of 1, 2 and 4 s
			{"refused as a client", refuse(bearergate.ErrInvalidClient), 5},
		} {
			t.Run(fmt.Sprintf("%s, minting %t", c.name, minting), func(t *testing.T) {
				inFakeTime(t, func(t *testing.T) {
					s := newService(time.Hour)
					change := func(*client.Config) {}
					if !minting {
						change = onlyAccess(s)
					}
					transport := s.transport(t, change)
					wantOK(t, transport)
					time.Sleep(59*time.Minute + 5*time.Second)
					s.forget()
					s.always(refresh, c.answer)
					s.always(mint, page(502))
					for range 200 {
						wantOK(t, transport)
						time.Sleep(100 * time.Millisecond)
					}
					wantCount(t, s, refresh, 1, c.most)
				})
			})
		}
	}
}

// Rules: S8.36.
func TestPausesBeginAnewAfterARenewal(t *testing.T) {
	inFakeTime(t, func(t *testing.T) {
		s := newService(time.Hour)
		transport := s.transport(t)
		for pause := time.Second; pause <= 4*time.Second; pause *= 2 {
			s.next(refresh, refuse(bearergate.ErrInvalidClient))
			wantCode(t, get(transport), bearergate.ErrInvalidClient)
			time.Sleep(pause)
		}
		wantOK(t, transport)
		time.Sleep(time.Hour)
		s.next(refresh, refuse(bearergate.ErrInvalidClient))
		wantCode(t, get(transport), bearergate.ErrInvalidClient)
		time.Sleep(time.Second)
		wantOK(t, transport)
	})
}

// slowUnlock is a store whose unlock lasts long.
type slowUnlock struct{ client.ConnectionStore }

func (s slowUnlock) Lock(ctx context.Context, id string) (func(), error) {
	unlock, err := s.ConnectionStore.Lock(ctx, id)
	return func() { time.Sleep(2 * time.Second); unlock() }, err
}

// TestTokensThatEndBeforeTheirRenewalDoesEndTheRequest has tokens of a second, and a store
// that takes two to unlock.
func TestTokensThatEndBeforeTheirRenewalDoesEndTheRequest(t *testing.T) {
	inFakeTime(t, func(t *testing.T) {
		s := newService(time.Second)
		transport := s.transport(t, func(c *client.Config) { c.Connections = slowUnlock{s.connections} })
		if err := get(transport); !errorContains(err, "no new token that lasts") {
			t.Errorf("got error %v, want one that names the reason", err)
		}
		wantCount(t, s, read, 0, 0)
	})
}

// TestOldAccessTokenMintsNothingAfterItsRefresh has an access token that is due, and lives.
// Its refresh is answered such that it is of no use any more.
//
// Rules: S8.4, S8.5, S8.17.
func TestOldAccessTokenMintsNothingAfterItsRefresh(t *testing.T) {
	noRotation := send(200, "application/json", `{"access_token":"access-2","token_type":"Bearer","expires_in":3600}`)
	for name, c := range map[string]struct {
		refresh func(*service, *spoiltStore) answer
		want    []string
	}{
		"the connection is dead": {func(s *service, _ *spoiltStore) answer {
			return refuse(bearergate.ErrInvalidGrant)
		}, []string{refresh}},
		"another connection is stored": {func(s *service, _ *spoiltStore) answer {
			return func(r *http.Request) (*http.Response, error) {
				resp, err := s.actOn(r)
				s.reconnect()
				return resp, err
			}
		}, []string{refresh, refresh, mint, read}},
		"its successor could not be saved": {func(s *service, store *spoiltStore) answer {
			store.save.Store(true)
			return noRotation
		}, []string{refresh}},
	} {
		t.Run(name, func(t *testing.T) {
			inFakeTime(t, func(t *testing.T) {
				s := newService(time.Hour)
				store := s.spoilable()
				s.save(client.Connection{GrantID: "grant-1", RefreshToken: "refresh-1", Access: s.knows("access-0", time.Hour)})
				time.Sleep(59*time.Minute + 10*time.Second)
				s.next(refresh, c.refresh(s, store))
				get(s.transport(t))
				wantAsked(t, s, c.want...)
			})
		})
	}
}
