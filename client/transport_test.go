package client_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/bearergatetest"
	"github.com/bearergate/bearergate/client"
	"github.com/bearergate/bearergate/tokenendpoint"
)

const api = "https://api.example"

// service is the other half: a token endpoint, minting, and a resource. It is
// its own transport, so that time can be a fake.
type service struct {
	*testing.T
	mux                        *http.ServeMux
	store                      tokenendpoint.MemoryStore
	tokens                     tokenendpoint.MemoryTokens
	access                     tokenendpoint.MemoryTokens
	grants                     bearergate.MemoryGrants
	lifetime                   time.Duration
	refreshes, mints, requests atomic.Int64
	reused                     atomic.Int64
	dead                       atomic.Int64
	connections                client.ConnectionStore

	mu        sync.Mutex
	intercept func(r *http.Request) (*http.Response, error) // nil, nil: goes on
}

func newService(t *testing.T, lifetime time.Duration) *service {
	s := &service{T: t, mux: http.NewServeMux(), lifetime: lifetime, connections: new(client.MemoryConnections)}
	s.grants.Put(bearergate.Grant{ID: "grant-1", OrganizationID: "acme"})
	endpoint, err := tokenendpoint.New(tokenendpoint.Config{
		Clients: s, Store: recording{&s.store, s}, Grants: &s.grants,
		Issue: func(ctx context.Context, a tokenendpoint.Authorization) (tokenendpoint.AccessToken, error) {
			text, err := tokenendpoint.IssueOpaque("access_", s.access.Save)(ctx, bearergate.Claims{
				Type: bearergate.AccessToken, Subject: a.Subject, ClientID: a.ClientID, GrantID: a.GrantID, Scopes: a.Scopes, ExpiresAt: time.Now().Add(lifetime),
			})
			return tokenendpoint.AccessToken{Token: text, ExpiresIn: lifetime}, err
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	verifier := bearergate.ByPrefix("bi_oat_", bearergate.NewOpaqueVerifier("bi_oat_", s.tokens.Lookup), bearergate.NewOpaqueVerifier("access_", s.access.Lookup))
	s.mux.HandleFunc("/token", func(w http.ResponseWriter, r *http.Request) { s.refreshes.Add(1); endpoint.ServeHTTP(w, r) })
	mint := bearergate.Chain(
		bearergate.RequireToken(verifier, bearergate.AccessToken), bearergate.RequireGrant(&s.grants, bearergate.WithGrantInPath("grantId")),
	)(tokenendpoint.MintInstallationTokens(tokenendpoint.IssueOpaque("bi_oat_", s.tokens.Save), lifetime))
	s.mux.HandleFunc("POST /installations/{grantId}/tokens", func(w http.ResponseWriter, r *http.Request) { s.mints.Add(1); mint.ServeHTTP(w, r) })
	s.mux.Handle("/resource", bearergate.Chain(
		bearergate.RequireToken(verifier, bearergate.InstallationToken), bearergate.RequireGrant(&s.grants), bearergate.RequireScope("read"),
	)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		fmt.Fprintf(w, "%s %q", r.Method, body)
	})))
	code, err := endpoint.NewCode(t.Context(), tokenendpoint.CodeRequest{
		Authorization: tokenendpoint.Authorization{ClientID: "app", GrantID: "grant-1", Subject: "user", Scopes: []string{"read"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	form := "grant_type=authorization_code&code=" + code
	r := httptest.NewRequest("POST", "/token", strings.NewReader(form))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth("app", "secret")
	rec := httptest.NewRecorder()
	endpoint.ServeHTTP(rec, r)
	refreshToken := strings.Split(strings.SplitN(rec.Body.String(), `"refresh_token":"`, 2)[1], `"`)[0]
	s.connections.Save(t.Context(), "user-1", client.Connection{GrantID: "grant-1", RefreshToken: refreshToken})
	return s
}

func (s *service) Client(context.Context, string) (tokenendpoint.Client, error) {
	return tokenendpoint.Client{ID: "app", Secrets: []tokenendpoint.Sum{tokenendpoint.SecretSum("secret")}, RedirectURIs: []string{"https://app.example/"}}, nil
}

// recording counts what a client does with refresh tokens that are retired.
type recording struct {
	*tokenendpoint.MemoryStore
	s *service
}

func (r recording) RefreshToken(ctx context.Context, sum tokenendpoint.Sum) (tokenendpoint.RefreshToken, bool, error) {
	token, found, err := r.MemoryStore.RefreshToken(ctx, sum)
	if !found || !token.RetiredAt.IsZero() {
		r.s.reused.Add(1)
	}
	return token, found, err
}

func (s *service) answer(intercept func(r *http.Request) (*http.Response, error)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.intercept = intercept
}

func (s *service) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		defer r.Body.Close()
	}
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	s.requests.Add(1)
	s.mu.Lock()
	intercept := s.intercept
	s.mu.Unlock()
	if intercept != nil {
		if resp, err := intercept(r); resp != nil || err != nil {
			return resp, err
		}
	}
	if r.URL.Host != "api.example" {
		s.Errorf("asked %s", r.URL)
	}
	time.Sleep(time.Millisecond) // the network
	rec := httptest.NewRecorder()
	served := r.Clone(r.Context())
	if served.Body == nil {
		served.Body = http.NoBody
	}
	s.mux.ServeHTTP(rec, served)
	return rec.Result(), nil
}

func (s *service) transport(change ...func(*client.Config)) *client.Transport {
	config := client.Config{
		APIURL: api, TokenURL: api + "/token", MintURL: api + "/installations/{grantId}/tokens", ClientID: "app", ClientSecret: "secret",
		Connections: s.connections, ConnectionID: "user-1", Base: s, Dead: func(error) { s.dead.Add(1) },
	}
	for _, set := range change {
		set(&config)
	}
	transport, err := client.New(config)
	if err != nil {
		s.Fatal(err)
	}
	return transport
}

func get(transport http.RoundTripper) (string, error) {
	return send(transport, http.MethodGet, nil)
}

func send(transport http.RoundTripper, method string, body io.Reader) (string, error) {
	r, err := http.NewRequest(method, api+"/resource", body)
	if err != nil {
		return "", err
	}
	resp, err := (&http.Client{Transport: transport}).Do(r)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	return fmt.Sprint(resp.StatusCode, " ", string(text)), err
}

func (s *service) succeeds(transport http.RoundTripper) {
	s.Helper()
	if got, err := get(transport); err != nil || got != `200 GET ""` {
		s.Errorf("got %s, %v", got, err)
	}
}

func refusal(code bearergate.Code, retryAfter time.Duration) *http.Response {
	rec := httptest.NewRecorder()
	bearergate.WriteError(rec, httptest.NewRequest("GET", "/", nil), &bearergate.Error{Code: code, Required: "admin", RetryAfter: retryAfter})
	return rec.Result()
}

func TestTokensAreRenewedOnceForAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService(t, 2*time.Second)
		transport := s.transport()
		var users sync.WaitGroup
		for range 200 {
			users.Go(func() {
				for range 50 {
					s.succeeds(transport)
					time.Sleep(200 * time.Millisecond)
				}
			})
		}
		users.Wait()
		// In 10 s, a token of 2 s is renewed each 1.5 s.
		if refreshes, mints := s.refreshes.Load(), s.mints.Load(); refreshes > 8 || mints > 8 || refreshes < 5 || mints < 5 {
			t.Errorf("%d refreshes and %d mints", refreshes, mints)
		}
		if n := s.reused.Load(); n > 0 {
			t.Errorf("a retired refresh token was sent %d times", n)
		}
	})
}

func TestTokenIsRenewedAMinuteBeforeItsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService(t, time.Hour)
		transport := s.transport()
		for _, at := range []time.Duration{0, 58 * time.Minute, 90 * time.Second} {
			time.Sleep(at)
			s.succeeds(transport)
		}
		if refreshes, mints := s.refreshes.Load(), s.mints.Load(); refreshes != 2 || mints != 2 {
			t.Errorf("%d refreshes and %d mints, want 2 and 2", refreshes, mints)
		}
	})
}

func TestRefusedTokenIsReplacedAndTheRequestRepeatedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService(t, time.Hour)
		transport := s.transport()
		s.succeeds(transport)
		refused := 0
		s.answer(func(r *http.Request) (*http.Response, error) {
			if r.URL.Path == "/resource" && refused < 1 {
				refused++
				return refusal(bearergate.ErrInvalidToken, 0), nil
			}
			return nil, nil
		})
		s.succeeds(transport)
		if s.refreshes.Load() != 2 || s.mints.Load() != 2 {
			t.Errorf("%d refreshes and %d mints", s.refreshes.Load(), s.mints.Load())
		}
		before := s.requests.Load()
		refused = -100
		if _, err := get(transport); !errors.Is(err, bearergate.ErrInvalidToken) {
			t.Errorf("got %v", err)
		}
		if n := s.requests.Load() - before; n != 4 {
			t.Errorf("%d requests, want two with a refresh and a mint between", n)
		}
		s.answer(nil)
		s.succeeds(transport)
	})
}

// TestRefusalOfAnOldTokenRefreshesNothing has requests sent with one token
// answered after it was replaced.
func TestRefusalOfAnOldTokenRefreshesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService(t, time.Hour)
		transport := s.transport()
		s.succeeds(transport)
		token, err := transport.InstallationToken(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		s.answer(func(r *http.Request) (*http.Response, error) {
			if r.Header.Get("Authorization") == "Bearer "+token.Text {
				time.Sleep(time.Duration(s.requests.Load()) * 10 * time.Millisecond)
				return refusal(bearergate.ErrInvalidToken, 0), nil
			}
			return nil, nil
		})
		var users sync.WaitGroup
		for range 100 {
			users.Go(func() { s.succeeds(transport) })
		}
		users.Wait()
		if s.refreshes.Load() != 2 || s.mints.Load() != 2 {
			t.Errorf("%d refreshes and %d mints", s.refreshes.Load(), s.mints.Load())
		}
	})
}

func TestDeadConnectionAsksNoMore(t *testing.T) {
	for name, kill := range map[string]func(s *service){
		"the refresh token was revoked": func(s *service) { s.store.RevokeGrant(context.Background(), "grant-1") },
		"the grant was revoked":         func(s *service) { s.grants.Revoke("grant-1", time.Now()) },
	} {
		t.Run(name, func(t *testing.T) {
			for _, connected := range []bool{false, true} {
				synctest.Test(t, func(t *testing.T) {
					s := newService(t, time.Hour)
					transport := s.transport()
					if connected {
						s.succeeds(transport)
					}
					kill(s)
					time.Sleep(time.Hour)
					before := s.refreshes.Load()
					var users sync.WaitGroup
					for range 100 {
						users.Go(func() {
							_, err := get(transport)
							var e *client.Error
							if !errors.As(err, &e) || e.Action != client.Reconnect {
								t.Errorf("got %v", err)
							}
						})
					}
					users.Wait()
					if n := s.refreshes.Load() - before; n > 1 {
						t.Errorf("%d refreshes", n)
					}
					before = s.requests.Load()
					time.Sleep(time.Hour)
					get(transport)
					get(s.transport()) // another process
					if n := s.requests.Load() - before; n != 0 {
						t.Errorf("%d requests of a dead connection", n)
					}
					if n := s.dead.Load(); n != 2 {
						t.Errorf("two transports said %d times that it is dead", n)
					}
				})
			}
		})
	}
}

func TestRevokedGrantIsLearnedFromAResource(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService(t, time.Hour)
		transport := s.transport()
		s.succeeds(transport)
		s.grants.Revoke("grant-1", time.Now())
		var users sync.WaitGroup
		for range 50 {
			users.Go(func() {
				if _, err := get(transport); !errors.Is(err, bearergate.ErrGrantRevoked) {
					t.Errorf("got %v", err)
				}
			})
		}
		users.Wait()
		before := s.requests.Load()
		if _, err := get(transport); !errors.Is(err, bearergate.ErrGrantRevoked) || s.requests.Load() != before || s.dead.Load() != 1 {
			t.Errorf("got %v, %d requests", err, s.requests.Load()-before)
		}
		if c, _ := s.connections.Load(t.Context(), "user-1"); c.Dead != bearergate.ErrGrantRevoked {
			t.Errorf("saved %q", c.Dead)
		}
	})
}

// TestConnectionThatWasReplacedLives has a user reconnect while a request of the
// old grant is under way.
func TestConnectionThatWasReplacedLives(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService(t, time.Hour)
		transport := s.transport()
		s.succeeds(transport)
		s.answer(func(r *http.Request) (*http.Response, error) {
			s.answer(nil)
			c, _ := s.connections.Load(t.Context(), "user-1")
			c.Installation.Text = "another"
			s.connections.Save(t.Context(), "user-1", c)
			return refusal(bearergate.ErrGrantRevoked, 0), nil
		})
		if _, err := get(transport); !errors.Is(err, bearergate.ErrGrantRevoked) || s.dead.Load() != 0 {
			t.Errorf("got %v", err)
		}
		s.succeeds(transport)
	})
}

func TestFaultsOfTheServerKillNoConnection(t *testing.T) {
	html := func(status int) *http.Response {
		return &http.Response{StatusCode: status, Header: http.Header{"Content-Type": {"text/html"}}, Body: io.NopCloser(strings.NewReader("<html>no</html>"))}
	}
	for name, answer := range map[string]func() (*http.Response, error){
		"503": func() (*http.Response, error) {
			return refusal(bearergate.ErrTemporarilyUnavailable, 2*time.Second), nil
		},
		"502 of a proxy":   func() (*http.Response, error) { return html(502), nil },
		"401 of a proxy":   func() (*http.Response, error) { return html(401), nil },
		"a cut connection": func() (*http.Response, error) { return nil, io.ErrUnexpectedEOF },
		"200 with HTML":    func() (*http.Response, error) { return html(200), nil },
		"a redirect": func() (*http.Response, error) {
			r := html(302)
			r.Header.Set("Location", "https://evil.example/")
			return r, nil
		},
		"200 with an error": func() (*http.Response, error) {
			r := refusal(bearergate.ErrInvalidGrant, 0)
			r.StatusCode = 200
			return r, nil
		},
		"200 without a token": func() (*http.Response, error) {
			r := html(200)
			r.Body = io.NopCloser(strings.NewReader("{}"))
			return r, nil
		},
		"500 with invalid_grant": func() (*http.Response, error) {
			r := refusal(bearergate.ErrInvalidGrant, 0)
			r.StatusCode = 500
			return r, nil
		},
		"an endless body":   func() (*http.Response, error) { r := html(200); r.Body = new(endless); return r, nil },
		"too many requests": func() (*http.Response, error) { return refusal(bearergate.ErrRateLimited, time.Second), nil },
	} {
		for _, path := range []string{"/token", "/installations/grant-1/tokens"} {
			t.Run(name+" of "+path, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					s := newService(t, time.Hour)
					transport := s.transport()
					s.answer(func(r *http.Request) (*http.Response, error) {
						if r.URL.Path == path {
							return answer()
						}
						return nil, nil
					})
					if _, err := get(transport); err == nil {
						t.Error("it passed")
					}
					s.answer(nil)
					time.Sleep(2 * time.Second)
					s.succeeds(transport)
					if s.dead.Load() != 0 {
						t.Error("it was taken for dead")
					}
				})
			})
		}
	}
}

// TestRenewalIsRepeatedByItself has the request wait while an endpoint cannot
// answer, and not for ever.
func TestRenewalIsRepeatedByItself(t *testing.T) {
	for _, path := range []string{"/token", "/installations/grant-1/tokens"} {
		synctest.Test(t, func(t *testing.T) {
			s := newService(t, time.Hour)
			faults := []func() (*http.Response, error){
				func() (*http.Response, error) {
					return refusal(bearergate.ErrTemporarilyUnavailable, 2*time.Second), nil
				},
				func() (*http.Response, error) { return nil, io.ErrUnexpectedEOF },
			}
			asked := 0
			s.answer(func(r *http.Request) (*http.Response, error) {
				if r.URL.Path != path {
					return nil, nil
				}
				if asked++; asked <= len(faults) {
					return faults[asked-1]()
				}
				return nil, nil
			})
			s.succeeds(s.transport())
			s.answer(func(*http.Request) (*http.Response, error) { return nil, io.ErrUnexpectedEOF })
			before := s.requests.Load()
			s.connections.Save(t.Context(), "user-1", client.Connection{GrantID: "grant-1", RefreshToken: "x"})
			if _, err := get(s.transport()); err == nil || s.requests.Load()-before != 3 {
				t.Errorf("got %v after %d requests", err, s.requests.Load()-before)
			}
		})
	}
}

func TestRenewalIsOneForAllThatWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService(t, time.Hour)
		store := &locking{ConnectionStore: s.connections}
		s.connections = store
		transport := s.transport()
		var users sync.WaitGroup
		for range 100 {
			users.Go(func() { s.succeeds(transport) })
		}
		users.Wait()
		if n := store.locks.Load(); n != 1 {
			t.Errorf("the connection was locked %d times", n)
		}
	})
}

// locking counts locks.
type locking struct {
	client.ConnectionStore
	locks atomic.Int64
}

func (l *locking) Lock(ctx context.Context, id string) (func(), error) {
	l.locks.Add(1)
	return l.ConnectionStore.Lock(ctx, id)
}

// TestMintThatGivesTheSameTokenIsNotAskedForEver is also one whose tokens end
// before they arrive.
func TestMintThatGivesTheSameTokenIsNotAskedForEver(t *testing.T) {
	for name, answer := range map[string]func() string{
		"the same": func() string { return `{"token":"bi_oat_same","token_type":"Bearer","expires_in":3600}` },
		"ended": func() string {
			time.Sleep(2 * time.Second)
			return `{"token":"bi_oat_short","token_type":"Bearer","expires_in":1}`
		},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := newService(t, time.Hour)
			s.answer(func(r *http.Request) (*http.Response, error) {
				switch {
				case strings.HasPrefix(r.URL.Path, "/installations/"):
					return &http.Response{StatusCode: 201, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(answer()))}, nil
				case r.URL.Path == "/resource":
					return refusal(bearergate.ErrInvalidToken, 0), nil
				}
				return nil, nil
			})
			if _, err := get(s.transport()); err == nil || s.requests.Load() > 12 {
				t.Errorf("%s: got %v after %d requests", name, err, s.requests.Load())
			}
		})
	}
}

func TestRequestOfTheCallerStaysAsItIs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService(t, time.Hour)
		r, _ := http.NewRequest("GET", api+"/resource", nil)
		if _, err := s.transport().RoundTrip(r); err != nil || len(r.Header) > 0 {
			t.Errorf("got %v, %v", r.Header, err)
		}
	})
}

func TestLivingTokenIsUsedWhileItCannotBeRenewed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService(t, time.Hour)
		transport := s.transport()
		s.succeeds(transport)
		time.Sleep(59*time.Minute + 10*time.Second)
		s.answer(func(r *http.Request) (*http.Response, error) {
			if r.URL.Path != "/resource" {
				return nil, errors.New("no route to host")
			}
			return nil, nil
		})
		s.succeeds(transport)
	})
}

func TestAnswersThatAskToWaitAreWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService(t, time.Hour)
		transport := s.transport()
		s.succeeds(transport)
		for _, code := range []bearergate.Code{bearergate.ErrRateLimited, bearergate.ErrTemporarilyUnavailable} {
			left := 3
			s.answer(func(*http.Request) (*http.Response, error) {
				if left--; left >= 0 {
					return refusal(code, 10*time.Second), nil
				}
				return nil, nil
			})
			began := time.Now()
			s.succeeds(transport)
			if waited := time.Since(began).Round(time.Second); waited != 30*time.Second {
				t.Errorf("%s: waited %v", code, waited)
			}
		}
		s.answer(func(*http.Request) (*http.Response, error) {
			return refusal(bearergate.ErrRateLimited, 61*time.Second), nil
		})
		began := time.Now()
		_, err := get(transport)
		var e *client.Error
		if !errors.As(err, &e) || e.RetryAfter != 61*time.Second || time.Since(began) > time.Second {
			t.Errorf("got %v after %v", err, time.Since(began))
		}
		s.answer(func(*http.Request) (*http.Response, error) {
			return refusal(bearergate.ErrRateLimited, time.Second), nil
		})
		before := s.requests.Load()
		if _, err := get(transport); !errors.Is(err, bearergate.ErrRateLimited) || s.requests.Load()-before > 61 {
			t.Errorf("got %v after %d requests", err, s.requests.Load()-before)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 3500*time.Millisecond)
		defer cancel()
		r, _ := http.NewRequestWithContext(ctx, "GET", api+"/resource", nil)
		began = time.Now()
		if _, err := transport.RoundTrip(r); !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, bearergate.ErrRateLimited) || time.Since(began) > 4*time.Second {
			t.Errorf("got %v after %v", err, time.Since(began))
		}
	})
}

func TestOtherRefusalsAreErrorsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService(t, time.Hour)
		transport := s.transport()
		s.succeeds(transport)
		for _, code := range []bearergate.Code{bearergate.ErrInvalidRequest, bearergate.ErrMissingScope, bearergate.ErrWrongOrganization, bearergate.ErrGrantNotFound, bearergate.ErrServerError} {
			s.answer(func(*http.Request) (*http.Response, error) { return refusal(code, 0), nil })
			before := s.requests.Load()
			_, err := get(transport)
			var e *client.Error
			if !errors.As(err, &e) || e.Code != code || s.requests.Load()-before != 1 {
				t.Errorf("%s: got %v, %d requests", code, err, s.requests.Load()-before)
			}
		}
		teapot := `{"error":"short and stout"}` + strings.Repeat(" ", 2<<20)
		s.answer(func(*http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: 418, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(teapot))}, nil
		})
		if got, err := get(transport); err != nil || got != "418 "+teapot {
			t.Errorf("an answer of the application's own: got %d bytes, %v", len(got), err)
		}
	})
}

// TestAnswersToHEADAreToldByTheirLength has no body to read.
func TestAnswersToHEADAreToldByTheirLength(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService(t, time.Hour)
		transport := s.transport()
		s.succeeds(transport)
		for _, c := range []struct {
			code bearergate.Code
			want error
		}{
			{bearergate.ErrInvalidToken, nil}, {bearergate.ErrRateLimited, nil}, {bearergate.ErrWrongOrganization, bearergate.ErrWrongOrganization}, {bearergate.ErrGrantRevoked, bearergate.ErrGrantRevoked},
		} {
			refused := false
			s.answer(func(r *http.Request) (*http.Response, error) {
				if r.URL.Path != "/resource" || refused {
					return nil, nil
				}
				refused = true
				rec := httptest.NewRecorder()
				bearergate.WriteError(rec, r, &bearergate.Error{Code: c.code})
				resp := rec.Result()
				resp.Request = r
				return resp, nil
			})
			_, err := send(transport, http.MethodHead, nil)
			if !refused || c.want == nil && err != nil || c.want != nil && !errors.Is(err, c.want) {
				t.Errorf("%s: got %v", c.code, err)
			}
		}
	})
}

// onlyReader hides that a body could be had again.
type onlyReader struct{ io.Reader }

func TestBodiesAreReplayedWhereTheyCanBe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService(t, time.Hour)
		transport := s.transport()
		s.succeeds(transport)
		payload := bytes.Repeat([]byte("body "), 1000)
		for _, code := range []bearergate.Code{bearergate.ErrInvalidToken, bearergate.ErrRateLimited} {
			refuseOnce := func() {
				refused := false
				s.answer(func(r *http.Request) (*http.Response, error) {
					if r.URL.Path == "/resource" && !refused {
						refused = true
						io.Copy(io.Discard, r.Body)
						return refusal(code, time.Second), nil
					}
					return nil, nil
				})
			}
			refuseOnce()
			if got, err := send(transport, "POST", bytes.NewReader(payload)); err != nil || got != fmt.Sprintf("200 POST %q", payload) {
				t.Errorf("%s: got %s, %v", code, got, err)
			}
			refuseOnce()
			before := s.requests.Load()
			_, err := send(transport, "POST", onlyReader{bytes.NewReader(payload)})
			if !errors.Is(err, &bearergate.Error{Code: code}) || !strings.Contains(err.Error(), "GetBody") || s.requests.Load()-before != 1 {
				t.Errorf("%s: got %v after %d requests", code, err, s.requests.Load()-before)
			}
		}
	})
}

func TestTokenGoesToTheAPIAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService(t, time.Hour)
		transport := s.transport()
		s.succeeds(transport)
		var seen []string
		location := ""
		s.answer(func(r *http.Request) (*http.Response, error) {
			if location != "" && r.URL.Path == "/resource" && r.URL.Host == "api.example" && r.URL.Scheme == "https" {
				return &http.Response{StatusCode: 302, Header: http.Header{"Location": {location}}, Body: http.NoBody, Request: r}, nil
			}
			seen = append(seen, r.URL.String()+" "+r.Header.Get("Authorization"))
			return &http.Response{StatusCode: 200, Body: http.NoBody, Request: r}, nil
		})
		for _, location = range []string{
			"https://evil.example/", "//evil.example/x", "http://api.example/plain", "http://api.example:443/plain", "https://api.example:8443/", "https://api.example.evil/", "https://api.example@evil.example/", "https://sub.api.example/",
		} {
			seen = nil
			if _, err := get(transport); err != nil {
				t.Errorf("%s: %v", location, err)
			}
			for _, request := range seen {
				if strings.Contains(request, "Bearer") {
					t.Errorf("%s: %s", location, request)
				}
			}
		}
		location = "https://API.example:443/elsewhere"
		seen = nil
		if _, err := get(transport); err != nil || len(seen) != 1 || !strings.Contains(seen[0], "Bearer bi_oat_") {
			t.Errorf("the API's own redirect: %v, %v", seen, err)
		}
	})
}

// failing is a store of connections that cannot save.
type failing struct {
	client.ConnectionStore
	fails atomic.Bool
}

func (f *failing) Save(ctx context.Context, id string, c client.Connection) error {
	if f.fails.Load() {
		return errors.New("disk full")
	}
	return f.ConnectionStore.Save(ctx, id, c)
}

func TestRefreshTokenIsSavedBeforeItIsUsed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService(t, time.Hour)
		store := &failing{ConnectionStore: s.connections}
		store.fails.Store(true)
		s.connections = store
		transport := s.transport()
		if _, err := get(transport); err == nil || s.mints.Load() != 0 {
			t.Errorf("got %v, %d mints", err, s.mints.Load())
		}
		store.fails.Store(false)
		time.Sleep(time.Second)
		s.succeeds(transport) // the old one again, which answers with the same successor
		time.Sleep(time.Hour)
		s.succeeds(transport)
	})
}

func TestProcessesShareAConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService(t, 2*time.Second)
		var users sync.WaitGroup
		for range 10 {
			transport := s.transport()
			for range 10 {
				users.Go(func() {
					for range 20 {
						s.succeeds(transport)
						time.Sleep(300 * time.Millisecond)
					}
				})
			}
		}
		users.Wait()
		if refreshes, mints := s.refreshes.Load(), s.mints.Load(); refreshes > 6 || mints > 6 || s.reused.Load() > 0 {
			t.Errorf("%d refreshes, %d mints, %d retired refresh tokens", refreshes, mints, s.reused.Load())
		}
	})
}

func TestWaitersLeaveByTheirOwnContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService(t, time.Hour)
		s.answer(func(r *http.Request) (*http.Response, error) {
			if r.URL.Path == "/token" {
				time.Sleep(10 * time.Second)
			}
			return nil, nil
		})
		transport := s.transport()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		r, _ := http.NewRequestWithContext(ctx, "GET", api+"/resource", nil)
		began := time.Now()
		if _, err := transport.RoundTrip(r); !errors.Is(err, context.DeadlineExceeded) || time.Since(began) > 2*time.Second {
			t.Errorf("got %v after %v", err, time.Since(began))
		}
		s.succeeds(transport)
		if s.refreshes.Load() != 1 {
			t.Errorf("%d refreshes", s.refreshes.Load())
		}
	})
}

func TestNewTellsAllFaultsOfTheConfiguration(t *testing.T) {
	_, err := client.New(client.Config{APIURL: "http://api.example", TokenURL: "x"})
	for _, want := range []string{"APIURL", "TokenURL", "MintURL", "ClientID", "Connections", "ConnectionID"} {
		if err == nil || !strings.Contains(err.Error(), "Config."+want) {
			t.Errorf("got %v, want %s named", err, want)
		}
	}
}

func TestMemoryConnections(t *testing.T) {
	bearergatetest.TestConnectionStore(t, func(*testing.T) client.ConnectionStore { return new(client.MemoryConnections) })
}
