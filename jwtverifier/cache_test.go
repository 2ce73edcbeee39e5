package jwtverifier_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/bearergatetest"
	"github.com/bearergate/bearergate/jwtverifier"
)

// ask sends a request with the token through RequireToken, and returns the
// answer and what the observer is told.
func ask(v bearergate.Verifier, token string) (*http.Response, bearergate.Decision) {
	var seen bearergate.Decision
	configure, err := bearergate.Configure(bearergate.Config{
		MaxTokenLength: 64 << 10,
		Observer:       func(_ context.Context, d bearergate.Decision) { seen = d },
	})
	if err != nil {
		panic(err)
	}
	handler := bearergate.Chain(
		configure,
		bearergate.RequireToken(v),
	)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token, _ := bearergate.TokenFrom(r.Context())
		var claims map[string]any
		err := token.Decode(&claims)
		fmt.Fprintln(w, token, claims, err)
	}))
	rec := httptest.NewRecorder()
	handler.ServeHTTP(rec, bearergatetest.NewRequest("GET", "/", token))
	return rec.Result(), seen
}

func cacheHit(t testing.TB, v bearergate.Verifier, token string) bool {
	t.Helper()
	resp, seen := ask(v, token)
	if resp.StatusCode != http.StatusOK {
		t.Errorf("got status %d, want 200", resp.StatusCode)
	}
	return seen.CacheHit
}

func withCacheSize(t testing.TB, tokens int) *jwtverifier.Verifier {
	t.Helper()
	return newVerifier(t, func(c *jwtverifier.Config) { c.CacheSize = tokens })
}

// Rules: S3a.61.
func TestRepeatedTokenIsNotVerifiedAgain(t *testing.T) {
	v, other := issuer.Verifier(), issuer.Verifier()
	both, err := jwtverifier.ByIssuer(issuer.Verifier())
	if err != nil {
		t.Fatal(err)
	}
	token := issuer.AccessToken()
	for _, v := range []bearergate.Verifier{v, both, bearergate.ByPrefix("x", v, other)} {
		for want := range 3 {
			if got := cacheHit(t, v, token); got != (want > 0) {
				t.Errorf("time %d: cache hit is %v", want, got)
			}
		}
		if cacheHit(t, v, issuer.AccessToken(bearergatetest.WithClaim("jti", rand.Int()))) {
			t.Error("got a cache hit for another token, want none")
		}
	}
	off := withCacheSize(t, -1)
	for range 3 {
		if cacheHit(t, off, token) {
			t.Error("got a cache hit, want none without a cache")
		}
	}
}

// Rules: S3a.36, S3a.61.
func TestCachedTokenExpiresAsAnyOther(t *testing.T) {
	for _, leeway := range []time.Duration{0, -1, 1500 * time.Millisecond, time.Minute} {
		synctest.Test(t, func(t *testing.T) {
			v := newVerifier(t, func(c *jwtverifier.Config) { c.Leeway = leeway })
			granted := map[time.Duration]time.Duration{0: 30 * time.Second, -1: 0}[leeway]
			if leeway > 0 {
				granted = leeway
			}
			token := issuer.AccessToken(bearergatetest.ExpiresIn(time.Hour))
			accepts(t, v, token)
			time.Sleep(time.Hour + granted - 1)
			accepts(t, v, token)
			if !cacheHit(t, v, token) {
				t.Error("got no cache hit, want one until it expires")
			}
			time.Sleep(time.Nanosecond)
			refuses(t, v, token)
			refuses(t, v, token)
		})
	}
}

// TestAnswersDoNotDependOnTheCache asks with good and bad tokens in random order,
// so that each is asked for before and after the others.
//
// Rules: S3a.62.
func TestAnswersDoNotDependOnTheCache(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cached, uncached := withCacheSize(t, 8), withCacheSize(t, -1)
		good := issuer.InstallationToken(bearergatetest.WithScopes("a", "b"))
		tokens := []string{
			good, issuer.AccessToken(), issuer.AccessToken(bearergatetest.ExpiresIn(20 * time.Second)),
			issuer.AccessToken(bearergatetest.WithClaim("nbf", time.Now().Add(40*time.Second).Unix())),
			good + "A", good[:len(good)-1], good[1:], issuer.AccessToken(bearergatetest.Tampered("a")), issuer.AccessToken(bearergatetest.Expired()),
			bearergatetest.NewStranger().AccessToken(), issuer.AccessToken(bearergatetest.WithClaim("aud", "x")), "a.b.c", "x",
		}
		for n := range 16 {
			tokens = append(tokens, issuer.AccessToken(bearergatetest.WithClaim("jti", n)))
		}
		for range 1000 {
			token := tokens[rand.IntN(len(tokens))]
			got, _ := ask(cached, token)
			want, _ := ask(uncached, token)
			if diff := cmp.Diff(dump(want), dump(got)); diff != "" {
				t.Fatalf("%s (-uncached +cached):\n%s", token, diff)
			}
			time.Sleep(time.Second / 10)
		}
	})
}

func dump(r *http.Response) [3]any {
	body := make([]byte, 4096)
	n, _ := r.Body.Read(body)
	return [3]any{r.StatusCode, map[string][]string(r.Header), string(body[:n])}
}

// Rules: S3a.62.
func TestTokenOfOneVerifierIsNotAnothers(t *testing.T) {
	a := issuer.Verifier()
	b := newVerifier(t, func(c *jwtverifier.Config) { c.Audience = "https://other.example" })
	token := issuer.AccessToken()
	accepts(t, a, token)
	accepts(t, a, token)
	refuses(t, b, token)
}

// TestChangedTokenIsAnother changes each byte of a token that is cached.
//
// Rules: S3a.61, S3a.62.
func TestChangedTokenIsAnother(t *testing.T) {
	v, mint := secretVerifier(t, 8)
	token := mint(0)
	accepts(t, v, token)
	for i := range len(token) {
		changed := []byte(token)
		changed[i] ^= 1
		refuses(t, v, string(changed))
	}
	refuses(t, v, token+"A")
	refuses(t, v, token[:len(token)-1])
	if !cacheHit(t, v, token) {
		t.Error("got no cache hit, want one as before")
	}
}

// Rules: S3.9.
func TestCallersCannotChangeACachedToken(t *testing.T) {
	v := issuer.Verifier()
	token := issuer.AccessToken(bearergatetest.WithScopes("a", "b"), bearergatetest.WithClaim("projectIds", []string{"p"}))
	first := accepts(t, v, token)
	first.Scopes()[0] = "admin"
	first.ProjectIDs()[0] = "q"
	var claims struct{ ProjectIDs []string }
	first.Decode(&claims)
	claims.ProjectIDs[0] = "q"
	second := accepts(t, v, token)
	if second.HasScope("admin") || !second.HasScope("a") || second.HasProject("q") || second.Scopes()[0] != "a" {
		t.Errorf("got %v and %v, want [a b] and [p]", second.Scopes(), second.ProjectIDs())
	}
}

// secretVerifier verifies by HMAC, so that a million tokens do not take long.
func secretVerifier(t testing.TB, cacheSize int) (v *jwtverifier.Verifier, mint func(n int) string) {
	t.Helper()
	return secretVerifierOf(t, issuer.URL, cacheSize)
}

func secretVerifierOf(t testing.TB, url string, cacheSize int) (v *jwtverifier.Verifier, mint func(n int) string) {
	t.Helper()
	i := bearergatetest.NewIssuer()
	i.URL = url
	config, secret := i.Config(), []byte("0123456789abcdef0123456789abcdef")
	keys, err := jwtverifier.SharedSecret(secret)
	if err != nil {
		t.Fatal(err)
	}
	config.Keys, config.CacheSize = keys, cacheSize
	if v, err = jwtverifier.New(config); err != nil {
		t.Fatal(err)
	}
	return v, func(n int) string {
		return i.InstallationToken(bearergatetest.SignedWithSecret("HS256", secret), bearergatetest.WithClaim("jti", n),
			bearergatetest.WithScopes("projects:read", "projects:write", "translations:read", "translations:publish",
				"glossary:read", "glossary:write", "members:read", "webhooks:manage"))
	}
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// TestFloodLeavesMemoryBoundedAndHotTokensCached floods the cache with valid
// tokens that are used once and with garbage, with a hot token among each ten.
//
// Rules: S3a.63.
func TestFloodLeavesMemoryBoundedAndHotTokensCached(t *testing.T) {
	flood := 50_000
	switch {
	case raceEnabled:
		flood = 20_000
	case os.Getenv("CI") == "true":
		flood = 1_000_000 // takes half a minute
	}
	const size, hot = 1 << 10, 64
	v, mint := secretVerifier(t, size)
	var hotTokens [hot]string
	for n := range hotTokens {
		hotTokens[n] = mint(-1 - n)
		accepts(t, v, hotTokens[n])
		accepts(t, v, hotTokens[n])
	}
	before := heap()
	hits, asked := 0, 0
	ctx := context.Background()
	_, _, wrong := segments(mint(-1000))
	for n := range flood {
		token := mint(n)
		if _, err := v.VerifyToken(ctx, token); err != nil {
			t.Fatal(err)
		}
		if _, err := v.VerifyToken(ctx, token[:len(token)-len(wrong)]+wrong); err == nil {
			t.Fatal("got garbage accepted, want it refused")
		}
		if n%10 == 0 {
			asked++
			if cacheHit(t, v, hotTokens[asked%hot]) {
				hits++
			}
		}
	}
	if grown := int64(heap()) - int64(before); grown > size*8<<10 {
		t.Errorf("%d tokens made the cache grow by %d bytes, want at most 8 KiB for each of its %d places", flood, grown, size)
	}
	if hits < asked*99/100 { // chance plays a part
		t.Errorf("got the hot tokens cached in %d of %d requests, want 99 of 100", hits, asked)
	}
	runtime.KeepAlive(v)
}

// TestTokensOfThePastGiveWay is a cache full of tokens that were in use, and
// then are not.
func TestTokensOfThePastGiveWay(t *testing.T) {
	const size = 1 << 9
	v, mint := secretVerifier(t, size)
	for n := range size {
		token := mint(n)
		for range 5 {
			accepts(t, v, token)
		}
	}
	var inUse [size / 4]string
	for n := range inUse {
		inUse[n] = mint(size + n)
	}
	hits := 0
	const rounds = 100
	for range rounds {
		for _, token := range inUse {
			if cacheHit(t, v, token) {
				hits++
			}
		}
	}
	if hits < rounds*len(inUse)/2 { // chance plays a part
		t.Errorf("got the tokens that came into use cached in %d of %d requests, want half", hits, rounds*len(inUse))
	}
}

// Rules: S3a.63.
func TestLargeTokensAreBoundedInBytes(t *testing.T) {
	const size = 1 << 8
	config := issuer.Config()
	secret := []byte("0123456789abcdef0123456789abcdef")
	config.Keys, _ = jwtverifier.SharedSecret(secret)
	config.CacheSize = size
	v, err := jwtverifier.New(config)
	if err != nil {
		t.Fatal(err)
	}
	large := func(n, length int) string {
		return issuer.AccessToken(bearergatetest.SignedWithSecret("HS256", secret), bearergatetest.WithClaim("jti", n),
			bearergatetest.WithClaim("padding", string(make([]byte, length))))
	}
	before := heap()
	for n := range 4 * size {
		accepts(t, v, large(n, n%1000))
	}
	if grown := int64(heap()) - int64(before); grown > size*8<<10+64<<10 {
		t.Errorf("the cache grew by %d bytes, want at most 8 KiB for each of its %d places", grown, size)
	}
	tooLarge, small := large(0, 6500), large(0, 0) // 39 KB, since a NUL is \u0000
	config.CacheSize = 1
	only, err := jwtverifier.New(config)
	if err != nil {
		t.Fatal(err)
	}
	accepts(t, only, small)
	for range 3 {
		if cacheHit(t, only, tooLarge) {
			t.Error("got a token cached that leaves no room for others, want it not to be")
		}
	}
	if !cacheHit(t, only, small) {
		t.Error("got no cache hit, want a token that is not cached to push out no other")
	}
	runtime.KeepAlive(v)
}

// Rules: S3c.15.
func TestCacheUnderConcurrentUse(t *testing.T) {
	s := newKeyServer()
	v, err := jwtverifier.New(jwtverifier.Config{Issuer: s.URL, Audience: s.Audience, Keys: s.keys(t), CacheSize: 16})
	if err != nil {
		t.Fatal(err)
	}
	tokens := make([]string, 64)
	for n := range tokens {
		tokens[n] = s.AccessToken(bearergatetest.SignedWith(bearergatetest.EdDSA), bearergatetest.WithClaim("sub", fmt.Sprint(n)))
	}
	var users sync.WaitGroup
	for range 8 {
		users.Go(func() {
			for range 500 {
				n := rand.IntN(len(tokens))
				if got := accepts(t, v, tokens[n]).Subject(); got != fmt.Sprint(n) {
					t.Errorf("got the token of %s, want that of %d", got, n)
				}
			}
		})
	}
	users.Wait()
}

// BenchmarkMemoryOfATokenInTheCache fills the default cache with tokens of 11
// claims and 8 scopes, and tells what each takes.
func BenchmarkMemoryOfATokenInTheCache(b *testing.B) {
	for b.Loop() {
		v, mint := secretVerifier(b, jwtverifier.DefaultCacheSize)
		before := heap()
		for n := range 4 * jwtverifier.DefaultCacheSize {
			if _, err := v.VerifyToken(context.Background(), mint(n)); err != nil {
				b.Fatal(err)
			}
		}
		full := float64(heap() - before)
		b.ReportMetric(full/jwtverifier.DefaultCacheSize, "B/token")
		b.ReportMetric(full/(1<<20), "MiB")
		runtime.KeepAlive(v)
	}
}

// TestHeadersThatDifferFromTokenToTokenAreNotKept is an issuer that writes
// something of its own into each header.
//
// Rules: S3a.63.
func TestHeadersThatDifferFromTokenToTokenAreNotKept(t *testing.T) {
	secret := []byte("0123456789abcdef0123456789abcdef")
	config := issuer.Config()
	config.Keys, _ = jwtverifier.SharedSecret(secret)
	config.CacheSize = -1
	v, err := jwtverifier.New(config)
	if err != nil {
		t.Fatal(err)
	}
	verify := func(n int) {
		accepts(t, v, issuer.AccessToken(bearergatetest.SignedWithSecret("HS256", secret), bearergatetest.WithHeader("own", fmt.Sprint(n, string(make([]byte, 100))))))
	}
	verify(-1)
	before := heap()
	for n := range 2000 {
		verify(n)
	}
	if grown := int64(heap()) - int64(before); grown > 512<<10 {
		t.Errorf("grew by %d bytes, want at most %d", grown, 512<<10)
	}
	runtime.KeepAlive(v)
}
