package jwtverifier_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
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
	"github.com/bearergate/bearergate/jwtverifier"
)

const jwksURL = "https://issuer.example/jwks.json"

// keyServer is an issuer's HTTP side without a network, for time that passes
// when the test says so.
type keyServer struct {
	*bearergatetest.Issuer
	requests atomic.Int64
	mu       sync.Mutex
	header   http.Header
	delay    time.Duration
	err      error
}

func newKeyServer() *keyServer {
	return &keyServer{Issuer: bearergatetest.NewIssuer(), header: http.Header{}}
}

func (s *keyServer) set(change func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change()
}

// fail makes the server out of reach; with nil, it is there again.
func (s *keyServer) fail(err error)                { s.set(func() { s.err = err }) }
func (s *keyServer) takesAsLongAs(d time.Duration) { s.set(func() { s.delay = d }) }

func (s *keyServer) RoundTrip(r *http.Request) (*http.Response, error) {
	s.requests.Add(1)
	s.mu.Lock()
	header, delay, err := s.header.Clone(), s.delay, s.err
	s.mu.Unlock()
	select {
	case <-time.After(delay):
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
	if err != nil {
		return nil, err
	}
	rec := httptest.NewRecorder()
	for name, values := range header {
		rec.Header()[name] = values
	}
	s.ServeHTTP(rec, r)
	return rec.Result(), nil
}

func (s *keyServer) keys(t testing.TB, opts ...jwtverifier.RemoteKeysOption) jwtverifier.KeySource {
	t.Helper()
	keys, err := jwtverifier.RemoteKeys(jwksURL, append(opts, jwtverifier.WithTransport(s))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { keys.Close() })
	return keys
}

func (s *keyServer) verifier(t testing.TB, opts ...jwtverifier.RemoteKeysOption) *jwtverifier.Verifier {
	t.Helper()
	return verifierWith(t, s.Issuer, s.keys(t, opts...))
}

func verifierWith(t testing.TB, i *bearergatetest.Issuer, keys jwtverifier.KeySource) *jwtverifier.Verifier {
	t.Helper()
	v, err := jwtverifier.New(jwtverifier.Config{Issuer: i.URL, Audience: i.Audience, Keys: keys})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func (s *keyServer) wantRequests(t *testing.T, want int64) {
	t.Helper()
	if got := s.requests.Load(); got != want {
		t.Errorf("got %d requests to the key server, want %d", got, want)
	}
}

// cannotTell wants neither a good nor a bad answer: 503.
func cannotTell(t *testing.T, v bearergate.Verifier, token string) {
	t.Helper()
	got, err := v.VerifyToken(context.Background(), token)
	var ours *bearergate.Error
	if got != nil || err == nil || errors.As(err, &ours) {
		t.Errorf("got %v, %v, want an error that says nothing of the token", got, err)
	}
}

// took returns how long f takes in a synctest bubble, where only waiting does.
func took(f func()) time.Duration {
	start := time.Now()
	f()
	return time.Since(start)
}

func longLived(i *bearergatetest.Issuer, opts ...bearergatetest.TokenOption) string {
	return i.AccessToken(append(opts, bearergatetest.ExpiresIn(1000*time.Hour))...)
}

// Rules: S3c.9, S3c.10, S3c.36.
func TestConstructionNeitherFetchesNorBlocks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newKeyServer()
		s.fail(errors.New("down"))
		v := s.verifier(t)
		synctest.Wait()
		s.wantRequests(t, 0)
		cannotTell(t, v, s.AccessToken())
		s.fail(nil)
		time.Sleep(5 * time.Second)
		accepts(t, v, s.AccessToken())
		s.wantRequests(t, 2)
	})
}

// Rules: S3a.16.
func TestMalformedTokenIsRefusedWithoutKeys(t *testing.T) {
	s := newKeyServer()
	v := s.verifier(t)
	refuses(t, v, "not.a.token")
	refuses(t, v, s.AccessToken(bearergatetest.WithHeader("crit", []string{"exp"})))
	refuses(t, v, s.AccessToken(bearergatetest.WithHeader("typ", "logout+jwt")))
	s.wantRequests(t, 0)
}

// Rules: S3c.11.
func TestConcurrentCallersShareOneFetch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newKeyServer()
		s.takesAsLongAs(time.Second)
		v := s.verifier(t)
		var callers sync.WaitGroup
		for range 100 {
			callers.Go(func() { accepts(t, v, s.AccessToken()) })
		}
		callers.Wait()
		s.wantRequests(t, 1)
	})
}

// Rules: S3c.12.
func TestFirstCallerLeavingDoesNotFailTheFetchForTheSecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newKeyServer()
		s.takesAsLongAs(2 * time.Second)
		v := s.verifier(t)
		ctx, leave := context.WithCancel(context.Background())
		left := make(chan error)
		go func() {
			_, err := v.VerifyToken(ctx, s.AccessToken())
			left <- err
		}()
		synctest.Wait()
		second := make(chan struct{})
		go func() {
			defer close(second)
			accepts(t, v, s.AccessToken())
		}()
		time.Sleep(time.Second)
		waited := took(func() {
			leave()
			if err := <-left; !errors.Is(err, context.Canceled) || errors.Is(err, bearergate.ErrInvalidToken) {
				t.Errorf("the first caller got %v, want the end of its context", err)
			}
		})
		if waited != 0 {
			t.Errorf("the first caller waited %v more, want 0s", waited)
		}
		<-second
		s.wantRequests(t, 1)
	})
}

// Rules: S3c.31.
func TestRequestWaitsForKeysAtMostThreeSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newKeyServer()
		s.takesAsLongAs(time.Hour)
		for _, c := range []struct {
			opts []jwtverifier.RemoteKeysOption
			want time.Duration
		}{
			{nil, 3 * time.Second},
			{[]jwtverifier.RemoteKeysOption{jwtverifier.WithMaxWait(time.Second)}, time.Second},
		} {
			v := s.verifier(t, c.opts...)
			if got := took(func() { cannotTell(t, v, s.AccessToken()) }); got != c.want {
				t.Errorf("waited %v, want %v", got, c.want)
			}
		}
	})
}

// Rules: S3c.32.
func TestFetchLastsAtMostTenSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newKeyServer()
		s.takesAsLongAs(time.Hour)
		keys := s.keys(t)
		if got := took(func() {
			if err := keys.Ready(context.Background()); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("got %v, want %v", err, context.DeadlineExceeded)
			}
		}); got != 10*time.Second {
			t.Errorf("took %v, want 10s", got)
		}
	})
}

// Rules: S3c.33.
func TestTokenWhoseKeyIsKnownNeverWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newKeyServer()
		v := s.verifier(t)
		accepts(t, v, longLived(s.Issuer))
		s.takesAsLongAs(time.Hour)
		for range 100 { // a refresh hangs, or hung, or is due again
			time.Sleep(7 * time.Minute)
			if got := took(func() {
				accepts(t, v, longLived(s.Issuer, bearergatetest.SignedWith(bearergatetest.EdDSA)))
			}); got != 0 {
				t.Fatalf("waited %v, want 0s", got)
			}
		}
	})
}

// Rules: S3c.14.
func TestKnownKeysServeForABoundedTime(t *testing.T) {
	for _, c := range []struct {
		name  string
		opts  []jwtverifier.RemoteKeysOption
		until time.Duration
	}{
		{"24 hours", nil, 24*time.Hour + 15*time.Minute},
		{"an hour", []jwtverifier.RemoteKeysOption{jwtverifier.WithStaleIfError(time.Hour)}, 75 * time.Minute},
		{"not at all", []jwtverifier.RemoteKeysOption{jwtverifier.WithStaleIfError(0)}, 15 * time.Minute},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newKeyServer()
				v := s.verifier(t, c.opts...)
				token := longLived(s.Issuer)
				accepts(t, v, token)
				s.fail(errors.New("down"))
				time.Sleep(c.until - time.Second)
				accepts(t, v, token)
				accepts(t, v, longLived(s.Issuer, bearergatetest.WithScopes("new")))
				time.Sleep(time.Second)
				cannotTell(t, v, token)
				cannotTell(t, v, longLived(s.Issuer))
				s.fail(nil)
				time.Sleep(5 * time.Second)
				accepts(t, v, token)
			})
		})
	}
}

// Rules: S3c.26, S3c.27.
func TestUnknownKeyFetchesOnceThenCoolsDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newKeyServer()
		v := s.verifier(t)
		accepts(t, v, s.AccessToken())
		s.takesAsLongAs(time.Second)
		random := func(n int) string {
			return s.AccessToken(bearergatetest.WithHeader("kid", "random-"+strings.Repeat("x", n)))
		}
		if got := took(func() { refuses(t, v, random(1)) }); got != time.Second {
			t.Errorf("the first was refused after %v, want after the fetch", got)
		}
		s.wantRequests(t, 2)
		for n := range 20 {
			if got := took(func() { refuses(t, v, random(n)) }); got != 0 {
				t.Errorf("waited %v in the cool-down, want 0s", got)
			}
		}
		s.wantRequests(t, 2)
		time.Sleep(10*time.Second - 1)
		refuses(t, v, random(1))
		s.wantRequests(t, 2)
		time.Sleep(time.Nanosecond)
		refuses(t, v, random(1))
		s.wantRequests(t, 3)
	})
}

// Rules: S3c.26.
func TestTenThousandUnknownKeysCauseAtMostTwoFetches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newKeyServer()
		s.takesAsLongAs(time.Second)
		v := s.verifier(t)
		tokens := make([]string, 100)
		for i := range tokens {
			tokens[i] = s.AccessToken(bearergatetest.WithHeader("kid", strings.Repeat("x", i+10)))
		}
		var callers sync.WaitGroup
		for i := range 10_000 {
			callers.Go(func() { refuses(t, v, tokens[i%len(tokens)]) })
		}
		callers.Wait()
		s.wantRequests(t, 2)
	})
}

// Rules: S3c.28, S3c.36.
func TestUnknownKeyIsNotRefusedWhereTheServerGivesNoAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newKeyServer()
		v := s.verifier(t)
		known := s.AccessToken()
		accepts(t, v, known)
		s.Rotate()
		s.fail(errors.New("down"))
		for range 20 {
			cannotTell(t, v, s.AccessToken())
			accepts(t, v, known)
			time.Sleep(time.Second)
		}
		if n := s.requests.Load(); n > 6 {
			t.Errorf("got %d requests in 20 s, want at most 6", n)
		}
		s.fail(nil)
		time.Sleep(5 * time.Second)
		accepts(t, v, s.AccessToken())
	})
}

// Rules: S3c.26.
func TestRotatedKeyIsAcceptedAtItsFirstUse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newKeyServer()
		v := s.verifier(t)
		for range 3 {
			accepts(t, v, s.AccessToken())
			s.Rotate()
			accepts(t, v, s.AccessToken())
			time.Sleep(10 * time.Second)
		}
	})
}

// TestRotatedKeyIsAcceptedFromManyAtOnce has requests come while the fetch for
// another of them ends.
//
// Rules: S3c.15.
func TestRotatedKeyIsAcceptedFromManyAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newKeyServer()
		published := string(s.JWKSet())
		var kid atomic.Value
		kid.Store("EdDSA")
		s.Break(func(w http.ResponseWriter, _ *http.Request) {
			io.WriteString(w, strings.Replace(published, `"kid":"EdDSA"`, `"kid":"`+kid.Load().(string)+`"`, 1))
		})
		v := s.verifier(t)
		for n := range 300 {
			kid.Store(fmt.Sprint("key-", n))
			token := longLived(s.Issuer, bearergatetest.SignedWith(bearergatetest.EdDSA), bearergatetest.WithHeader("kid", kid.Load()))
			var callers sync.WaitGroup
			for range 16 {
				callers.Go(func() { accepts(t, v, token) })
			}
			callers.Wait()
			time.Sleep(10 * time.Second)
		}
	})
}

// TestRotatedKeyIsAcceptedWhileARefreshMissesIt is the refresh that the server
// answered just before the rotation.
func TestRotatedKeyIsAcceptedWhileARefreshMissesIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newKeyServer()
		v := s.verifier(t)
		accepts(t, v, s.AccessToken())
		old := s.JWKSet()
		time.Sleep(15 * time.Minute)
		s.takesAsLongAs(time.Second)
		s.Break(func(w http.ResponseWriter, _ *http.Request) { s.Mend(); w.Write(old) })
		accepts(t, v, s.AccessToken()) // begins the refresh
		synctest.Wait()
		s.Rotate()
		accepts(t, v, s.AccessToken())
		s.wantRequests(t, 3)
	})
}

// TestKeyWithoutIDThatWasReplacedIsFetched is for issuers whose keys have no
// ids, where a signature that no key made may be that of a new one.
func TestKeyWithoutIDThatWasReplacedIsFetched(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newKeyServer()
		s.Break(func(w http.ResponseWriter, _ *http.Request) {
			w.Write(bytes.ReplaceAll(s.JWKSet(), []byte(`"kid"`), []byte(`"was"`)))
		})
		v := s.verifier(t)
		for _, opt := range []bearergatetest.TokenOption{bearergatetest.WithoutHeader("kid"), bearergatetest.WithHeader("kid", "k")} {
			accepts(t, v, s.AccessToken(opt))
			s.Rotate()
			s.Retire()
			accepts(t, v, s.AccessToken(opt))
			time.Sleep(10 * time.Second)
		}
	})
}

// TestTokenWithoutKeyIDIsRefusedIfMoreThanFourKeysFit has an issuer that rotates
// and goes on publishing its old keys. The refusal causes no fetch.
func TestTokenWithoutKeyIDIsRefusedIfMoreThanFourKeysFit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newKeyServer()
		for keys := 1; keys <= 6; keys++ {
			s.requests.Store(0)
			v := s.verifier(t)
			accepts(t, v, s.AccessToken())
			token := s.AccessToken(bearergatetest.WithoutHeader("kid"))
			if keys <= 4 {
				accepts(t, v, token)
			} else {
				refuses(t, v, token)
			}
			s.wantRequests(t, 1)
			s.Rotate()
		}
	})
}

// TestKeyWithoutIDAmongFourIsReplaced is a token that was checked with all four
// old keys, and with which the new one is not tried as a fifth: it can be decided
// the next time, and is no bad token until then.
func TestKeyWithoutIDAmongFourIsReplaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newKeyServer()
		for range 3 {
			s.Rotate()
		}
		four := bytes.ReplaceAll(s.JWKSet(), []byte(`"kid"`), []byte(`"was"`))
		published := four
		s.Break(func(w http.ResponseWriter, _ *http.Request) { w.Write(published) })
		v := s.verifier(t)
		accepts(t, v, s.AccessToken())
		s.Rotate()
		var set struct{ Keys []any }
		if err := json.Unmarshal(s.JWKSet(), &set); err != nil {
			t.Fatal(err)
		}
		set.Keys = set.Keys[3:] // without those of the oldest three algorithms
		published = bytes.ReplaceAll(toJSON(t, set), []byte(`"kid"`), []byte(`"was"`))
		published = bytes.Replace(published, []byte(`"Keys"`), []byte(`"keys"`), 1)
		token := s.AccessToken()
		cannotTell(t, v, token)
		accepts(t, v, token)
		refuses(t, v, bearergatetest.NewStranger().AccessToken())
		s.wantRequests(t, 2)
	})
}

// Rules: S3c.38.
func TestForgeryUnderAKnownKeyIDCausesNoFetch(t *testing.T) {
	s := newKeyServer()
	v := s.verifier(t)
	accepts(t, v, s.AccessToken())
	for range 10 {
		refuses(t, v, bearergatetest.NewStranger().AccessToken())
		refuses(t, v, s.AccessToken(bearergatetest.WithHeader("kid", "ES256")))
		refuses(t, v, s.AccessToken(bearergatetest.SignedWithSecret("HS256", s.JWKSet()))) // which no fetch could bring a key for
	}
	s.wantRequests(t, 1)
}

// Rules: S3a.61, S3c.37.
func TestRemovedKeyIsRefusedAfterTheNextRefresh(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newKeyServer()
		v := s.verifier(t)
		cached := longLived(s.Issuer)
		accepts(t, v, cached)
		s.Rotate()
		s.Retire()
		time.Sleep(15 * time.Minute)
		accepts(t, v, cached) // begins the refresh, and does not wait for it
		synctest.Wait()
		refuses(t, v, cached)
		accepts(t, v, s.AccessToken())
	})
}

// Rules: S3a.61.
func TestCachedTokensOutliveARefreshThatChangesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newKeyServer()
		v := s.verifier(t)
		token := longLived(s.Issuer)
		accepts(t, v, token)
		for range 3 {
			time.Sleep(15 * time.Minute)
			accepts(t, v, token)
			synctest.Wait()
			if !cacheHit(t, v, token) {
				t.Error("got no cache hit, want one with keys that did not change")
			}
		}
		s.wantRequests(t, 4)
	})
}

// Rules: S3c.34, S3c.35.
func TestMaxAgeIsHonouredBetweenAMinuteAndADay(t *testing.T) {
	for value, want := range map[string]time.Duration{
		"":                                15 * time.Minute,
		"public":                          15 * time.Minute,
		"max-age":                         15 * time.Minute,
		"max-age=x":                       15 * time.Minute,
		"max-age=-1":                      15 * time.Minute,
		"max-age=0":                       time.Minute,
		"max-age=59":                      time.Minute,
		"max-age=61":                      61 * time.Second,
		`public, MAX-AGE="7200"`:          2 * time.Hour,
		"max-age=86401":                   24 * time.Hour,
		"max-age=99999999999999999999":    24 * time.Hour,
		"no-store":                        time.Minute,
		"no-cache, max-age=3600":          time.Minute,
		"s-maxage=5, max-age=1800, other": 30 * time.Minute,
	} {
		t.Run(value, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newKeyServer()
				s.header.Set("Cache-Control", value)
				v := s.verifier(t)
				token := longLived(s.Issuer)
				accepts(t, v, token)
				time.Sleep(want - time.Second)
				accepts(t, v, token)
				synctest.Wait()
				s.wantRequests(t, 1)
				time.Sleep(time.Second)
				accepts(t, v, token)
				synctest.Wait()
				s.wantRequests(t, 2)
			})
		})
	}
}

func TestStatusCountsFetches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newKeyServer()
		keys := s.keys(t)
		wantFetches(t, keys, 0, 0)
		s.fail(errors.New("down"))
		keys.Ready(t.Context())
		wantFetches(t, keys, 1, 1)
		s.fail(nil)
		time.Sleep(5 * time.Second)
		keys.Ready(t.Context())
		wantFetches(t, keys, 2, 1)
		keys.Ready(t.Context())
		wantFetches(t, keys, 2, 1)
	})
	wantFetches(t, issuer.Config().Keys, 0, 0)
}

func wantFetches(t *testing.T, keys jwtverifier.KeySource, fetches, failed uint64) {
	t.Helper()
	if got := keys.Status(); got.Fetches != fetches || got.FailedFetches != failed {
		t.Errorf("got %d fetches and %d that failed, want %d and %d", got.Fetches, got.FailedFetches, fetches, failed)
	}
}

// Rules: S3c.10.
func TestReadyFetchesAndTellsWhyNot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newKeyServer()
		keys := s.keys(t)
		if got := keys.Status(); got.Keys != 0 || got.Failure != nil || !got.FetchedAt.IsZero() {
			t.Errorf("before the first fetch, got %+v, want nothing", got)
		}
		down := errors.New("down")
		s.fail(down)
		if err := keys.Ready(context.Background()); !errors.Is(err, down) {
			t.Errorf("got %v, want %v", err, down)
		}
		if got := keys.Status(); got.Keys != 0 || !errors.Is(got.Failure, down) {
			t.Errorf("while the server is down, got %+v, want no keys and the failure", got)
		}
		s.fail(nil)
		time.Sleep(5 * time.Second)
		if err := keys.Ready(context.Background()); err != nil {
			t.Error(err)
		}
		if got := keys.Status(); got.Keys != 3 || got.Failure != nil || !got.FetchedAt.Equal(time.Now()) {
			t.Errorf("got %+v, want 3 keys fetched now", got)
		}
		s.wantRequests(t, 2)
		if err := keys.Ready(context.Background()); err != nil {
			t.Error(err)
		}
		s.wantRequests(t, 2)
		time.Sleep(100 * time.Hour)
		if got := keys.Status(); got.Keys != 0 {
			t.Errorf("with keys that are too old, got %+v, want none", got)
		}
	})
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	s := newKeyServer()
	s.takesAsLongAs(time.Hour)
	if err := s.keys(t).Ready(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
	if err := issuer.Config().Keys.Ready(ctx); err != nil {
		t.Errorf("static keys: got %v, want them ready", err)
	}
	if got := issuer.Config().Keys.Status(); got.Keys != 3 {
		t.Errorf("static keys: got %+v, want 3", got)
	}
	issuer.Config().Keys.Close()
}

// Rules: S3c.39.
func TestClosedSourceFetchesNoMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newKeyServer()
		keys := s.keys(t)
		v := verifierWith(t, s.Issuer, keys)
		token := longLived(s.Issuer)
		accepts(t, v, token)
		s.takesAsLongAs(time.Hour)
		time.Sleep(15 * time.Minute)
		accepts(t, v, token) // a fetch hangs
		if got := took(func() { keys.Close() }); got != 0 {
			t.Errorf("closing took %v, want 0s", got)
		}
		time.Sleep(time.Hour)
		accepts(t, v, token)
		cannotTell(t, v, s.AccessToken(bearergatetest.WithHeader("kid", "unknown")))
		s.wantRequests(t, 2)
		keys.Close()
		time.Sleep(24 * time.Hour)
		cannotTell(t, v, token)
	})
}

func TestCloseEndsTheFetch(t *testing.T) {
	var ended atomic.Bool
	began := make(chan struct{})
	keys, err := jwtverifier.RemoteKeys(jwksURL, jwtverifier.WithTransport(roundTripper(func(r *http.Request) (*http.Response, error) {
		close(began)
		<-r.Context().Done()
		time.Sleep(10 * time.Millisecond)
		ended.Store(true)
		return nil, r.Context().Err()
	})))
	if err != nil {
		t.Fatal(err)
	}
	go keys.Ready(context.Background())
	<-began
	keys.Close()
	if !ended.Load() {
		t.Error("got Close to return before the fetch ended, want it to wait")
	}
}

// countingBody is without end, and counts what is read of it.
type countingBody struct{ read int }

func (b *countingBody) Close() error { return nil }

func (b *countingBody) Read(p []byte) (int, error) {
	if b.read += len(p); b.read > 8<<20 {
		return 0, errors.New("more than anybody should read")
	}
	return len(p), nil
}

// Rules: S3c.13.
func TestNoMoreThanAMegabyteIsRead(t *testing.T) {
	for name, c := range map[string]struct {
		announced int64
		want      int
	}{"announced": {64 << 20, 0}, "not announced": {-1, 2 << 20}} {
		t.Run(name, func(t *testing.T) {
			body := new(countingBody)
			keys, err := jwtverifier.RemoteKeys(jwksURL, jwtverifier.WithTransport(roundTripper(func(*http.Request) (*http.Response, error) {
				return &http.Response{StatusCode: 200, Body: body, ContentLength: c.announced, Header: http.Header{}}, nil
			})))
			if err != nil {
				t.Fatal(err)
			}
			if keys.Ready(context.Background()) == nil || body.read > c.want {
				t.Errorf("read %d bytes, want at most %d and a refusal", body.read, c.want)
			}
		})
	}
}

func TestNoConnectionIsKept(t *testing.T) {
	i := bearergatetest.NewIssuer()
	defer i.Start().Close()
	var kept atomic.Bool
	set := i.JWKSet()
	i.Break(func(w http.ResponseWriter, r *http.Request) {
		kept.Store(!r.Close)
		w.Write(set)
	})
	keys, err := jwtverifier.RemoteKeys(i.URL + "/jwks.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := keys.Ready(context.Background()); err != nil || kept.Load() {
		t.Errorf("got %v, connection kept %v, want no error and none kept", err, kept.Load())
	}
}

// TestErrorOfATransportIsNotWhatTheClientIsTold is a transport that gets its own
// credentials with the help of this library.
//
// Rules: S3c.28.
func TestErrorOfATransportIsNotWhatTheClientIsTold(t *testing.T) {
	for _, refusal := range []error{bearergate.ErrInvalidToken, bearergate.ErrGrantRevoked, bearergate.ErrGrantNotFound} {
		keys, err := jwtverifier.RemoteKeys(jwksURL, jwtverifier.WithTransport(roundTripper(func(*http.Request) (*http.Response, error) {
			return nil, fmt.Errorf("the key proxy refused us: %w", refusal)
		})))
		if err != nil {
			t.Fatal(err)
		}
		v, err := jwtverifier.New(jwtverifier.Config{Issuer: issuer.URL, Audience: issuer.Audience, Keys: keys})
		if err != nil {
			t.Fatal(err)
		}
		cannotTell(t, v, issuer.AccessToken())
		cancelled, cancel := context.WithCancelCause(t.Context())
		cancel(refusal)
		if _, err := v.VerifyToken(cancelled, issuer.AccessToken()); err == nil || errors.Is(err, refusal) {
			t.Errorf("got %v, want an error without %v in its tree", err, refusal)
		}
	}
}

// TestTransportThatHeedsNoContextIsLeftBehind shows that it can neither end the
// source nor make it grow.
func TestTransportThatHeedsNoContextIsLeftBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newKeyServer()
		var stuck atomic.Bool
		stuck.Store(true)
		forever := make(chan struct{})
		defer close(forever)
		var hanging atomic.Int32
		keys, err := jwtverifier.RemoteKeys(jwksURL, jwtverifier.WithTransport(roundTripper(func(r *http.Request) (*http.Response, error) {
			if stuck.Load() {
				hanging.Add(1)
				<-forever
				return nil, errors.New("late")
			}
			return s.RoundTrip(r)
		})))
		if err != nil {
			t.Fatal(err)
		}
		v, err := jwtverifier.New(jwtverifier.Config{Issuer: s.URL, Audience: s.Audience, Keys: keys})
		if err != nil {
			t.Fatal(err)
		}
		token := longLived(s.Issuer)
		cannotTell(t, v, token)
		stuck.Store(false)
		time.Sleep(16 * time.Second)
		accepts(t, v, token)
		stuck.Store(true)
		for range 1000 {
			time.Sleep(time.Minute)
			accepts(t, v, token)
		}
		if n := hanging.Load(); n > 16 {
			t.Errorf("got %d fetches that hang, want at most 16", n)
		}
		keys.Close()
	})
}

func TestTransportThatPanicsIsAFaultOfOurs(t *testing.T) {
	keys, err := jwtverifier.RemoteKeys(jwksURL, jwtverifier.WithTransport(roundTripper(func(*http.Request) (*http.Response, error) {
		panic("no")
	})))
	if err != nil {
		t.Fatal(err)
	}
	cannotTell(t, verifierWith(t, issuer, keys), issuer.AccessToken())
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// Rules: S3c.23.
func TestOperatorIsToldOnceOfWhatChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newKeyServer()
		var log bytes.Buffer
		withBadKey := func(w http.ResponseWriter, _ *http.Request) {
			io.WriteString(w, strings.Replace(string(s.JWKSet()), `{"keys":[`, `{"keys":[{"kty":"AKP","kid":"pq","alg":"ML-DSA-44","pub":"AA"},`, 1))
		}
		s.Break(withBadKey)
		config := s.Config()
		config.Keys = s.keys(t)
		config.Logger = slog.New(slog.NewTextHandler(&log, nil))
		v, err := jwtverifier.New(config)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := jwtverifier.New(config); err != nil { // is not told a second time
			t.Fatal(err)
		}
		said := func(want ...string) {
			t.Helper()
			synctest.Wait()
			lines := strings.Split(strings.TrimSuffix(log.String(), "\n"), "\n")
			log.Reset()
			if len(want) == 0 && lines[0] == "" {
				return
			}
			if len(lines) != len(want) {
				t.Errorf("got %q, want %q", lines, want)
				return
			}
			for i := range want {
				if !strings.Contains(lines[i], want[i]) {
					t.Errorf("got %q, want %q", lines[i], want[i])
				}
			}
		}
		token := longLived(s.Issuer)
		accepts(t, v, token)
		said(`key \"pq\": its kty is \"AKP\"`)
		refresh := func() {
			time.Sleep(15 * time.Minute)
			accepts(t, v, token)
			synctest.Wait()
		}
		refresh()
		said()
		s.fail(errors.New("down"))
		refresh()
		said("keys cannot be fetched")
		refresh()
		said()
		s.fail(nil)
		refresh()
		said("keys can be fetched again")
		s.Rotate()
		refresh()
		said()

		config.Logger = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelWarn}))
		if _, err := jwtverifier.New(config); err != nil {
			t.Fatal(err)
		}
		said(`key \"pq\"`)
	})
}

// Rules: S3c.29.
func TestURLsThatKeysAreNotFetchedFrom(t *testing.T) {
	for _, good := range []string{
		"https://issuer.example/keys?v=1", "http://localhost:8080/keys", "http://127.0.0.1/keys", "http://127.1.2.3:80/keys", "http://[::1]:80/keys",
		"http://[::ffff:127.0.0.1]/keys", "http://[::ffff:7f00:1]:80/keys", "HTTP://localhost/keys", "HTTPS://issuer.example/keys",
	} {
		if _, err := jwtverifier.RemoteKeys(good); err != nil {
			t.Errorf("%s: got %v, want it accepted", good, err)
		}
	}
	for _, bad := range []string{
		"", "/keys", "issuer.example/keys", "http://issuer.example/keys", "http://localhost.example/keys", "http://10.0.0.1/keys", "http://0.0.0.0/keys",
		"http://[::]/keys", "ftp://localhost/keys", "file:///etc/passwd", "https://user@issuer.example/", "https://issuer.example/#keys", "https://issuer.example/#",
		"https:///keys", "https://issuer.example:port/", "http://127.0.0.1.nip.io/keys", "https:issuer.example",
		"http://[::ffff:10.0.0.1]/keys", "http://[::ffff:0:127.0.0.1]/keys", "http://[::127.0.0.1]/keys", "http://[fe80::1%25lo]/keys", "HTTP://issuer.example/keys",
	} {
		if _, err := jwtverifier.RemoteKeys(bad); err == nil {
			t.Errorf("%s: got it accepted as a JWK Set URL, want an error", bad)
		}
		if _, err := jwtverifier.DiscoverKeys(bad); err == nil {
			t.Errorf("%s: got it accepted as an issuer, want an error", bad)
		}
	}
	for _, bad := range []string{"https://issuer.example/?a=b", "https://issuer.example/?"} {
		if _, err := jwtverifier.DiscoverKeys(bad); err == nil {
			t.Errorf("%s: got it accepted as an issuer, want an error", bad)
		}
	}
}

// TestFaultsOfOptionsAreReturnedTogether has values as they come from flags.
func TestFaultsOfOptionsAreReturnedTogether(t *testing.T) {
	faults := []struct {
		opt  jwtverifier.RemoteKeysOption
		want string
	}{
		{jwtverifier.WithMaxWait(0), "WithMaxWait was given 0s; use a time greater than 0"},
		{jwtverifier.WithMaxWait(-time.Second), "WithMaxWait was given -1s; use a time greater than 0"},
		{jwtverifier.WithStaleIfError(-1), "WithStaleIfError was given -1ns; use 0 or more"},
		{jwtverifier.WithTransport(nil), "WithTransport was given nil; leave it out"},
		{nil, "%s was given a nil RemoteKeysOption; leave it out"},
	}
	for name, construct := range map[string]func(string, ...jwtverifier.RemoteKeysOption) (jwtverifier.KeySource, error){
		"RemoteKeys": jwtverifier.RemoteKeys, "DiscoverKeys": jwtverifier.DiscoverKeys,
	} {
		var all []jwtverifier.RemoteKeysOption
		for _, f := range faults {
			all = append(all, f.opt)
			want := "jwtverifier: " + strings.Replace(f.want, "%s", name, 1)
			if keys, err := construct("https://issuer.example", f.opt); keys != nil || err == nil || err.Error() != want {
				t.Errorf("%s: got %v, %v, want the error %q", name, keys, err, want)
			}
		}
		_, err := construct("http://issuer.example", all...)
		lines := strings.Split(fmt.Sprint(err), "\n")
		if len(lines) != 1+len(faults) || !strings.Contains(lines[0], "must be https") {
			t.Fatalf("%s: got %q, want the URL's fault and one for each option", name, lines)
		}
		for i, f := range faults {
			if want := strings.Replace(f.want, "%s", name, 1); !strings.HasSuffix(lines[1+i], want) {
				t.Errorf("%s: got %q, want %q", name, lines[1+i], want)
			}
		}
		if _, err := construct("https://issuer.example", jwtverifier.WithMaxWait(1), jwtverifier.WithStaleIfError(0)); err != nil {
			t.Errorf("%s: got %v, want no error", name, err)
		}
	}
}

// FuzzKeyServer lets a key server answer anything, and wants a good token to be
// refused only where the answer is a set without its key.
func FuzzKeyServer(f *testing.F) {
	metadata := `{"issuer":"` + issuer.URL + `","jwks_uri":"` + issuer.URL + `/jwks.json"}`
	f.Add(metadata, string(issuer.JWKSet()), "max-age=60")
	f.Add(metadata, string(bearergatetest.NewStranger().JWKSet()), `public, max-age="1`)
	f.Add(`{"issuer":1}`, `{"keys":[]}`, "")
	f.Add(metadata, `{"keys":[{"kty":"RSA","n":"AA","e":"AQAB"}]}`, "no-store")
	token := issuer.AccessToken(bearergatetest.ExpiresIn(10_000 * time.Hour))
	f.Fuzz(func(t *testing.T, metadata, set, cacheControl string) {
		keys, err := jwtverifier.DiscoverKeys(issuer.URL, jwtverifier.WithTransport(roundTripper(func(r *http.Request) (*http.Response, error) {
			body := metadata
			if r.URL.Path == "/jwks.json" {
				body = set
			}
			return &http.Response{
				StatusCode: 200, Body: io.NopCloser(strings.NewReader(body)), ContentLength: -1,
				Header: http.Header{"Cache-Control": {cacheControl}},
			}, nil
		})))
		if err != nil {
			t.Fatal(err)
		}
		defer keys.Close()
		_, err = verifierWith(t, issuer, keys).VerifyToken(context.Background(), token)
		if errors.Is(err, bearergate.ErrInvalidToken) && keys.Status().Keys == 0 {
			t.Errorf("got %v without keys, want no refusal", err)
		}
		if err == nil && keys.Status().Keys == 0 {
			t.Error("got the token accepted without keys, want an error")
		}
	})
}
