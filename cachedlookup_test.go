package bearergate_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/bearergatetest"
	"github.com/bearergate/bearergate/internal/secret"
	"github.com/bearergate/bearergate/internal/tokenid"
)

type sum = [sha256.Size]byte

// opaqueStore is a store of opaque tokens that another process uses too.
type opaqueStore struct {
	claims map[string]bearergate.Claims // by token
	err    error
	asked  int
}

func (s *opaqueStore) lookup(_ context.Context, k sum) (bearergate.Claims, error) {
	s.asked++
	for token, claims := range s.claims {
		if sha256.Sum256([]byte(token)) == k {
			return claims, s.err
		}
	}
	return bearergate.Claims{}, errors.Join(bearergate.ErrInvalidToken, s.err)
}

func cachedLookup(t testing.TB, lookup bearergate.OpaqueLookup, c bearergate.CacheConfig) *bearergate.CachedLookup {
	t.Helper()
	cached, err := bearergate.NewCachedLookup(lookup, c)
	if err != nil {
		t.Fatal(err)
	}
	return cached
}

// guardedByLookup returns a store with the token o_a, and a guard that caches it.
func guardedByLookup(t *testing.T, c bearergate.CacheConfig) (*opaqueStore, *bearergate.CachedLookup, bearergate.Middleware) {
	claims := bearergatetest.InstallationClaims()
	claims.ExpiresAt = time.Now().Add(time.Hour)
	store := &opaqueStore{claims: map[string]bearergate.Claims{"o_a": claims}}
	cached := cachedLookup(t, store.lookup, c)
	return store, cached, bearergate.RequireToken(bearergate.NewOpaqueVerifier("o_", cached.Lookup))
}

func (s *opaqueStore) wantsAsked(t *testing.T, want int) {
	t.Helper()
	if s.asked != want {
		t.Errorf("got %d queries, want %d", s.asked, want)
	}
}

// Rules: S4.31, S4.38.
func TestClaimsAreKeptForAWhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, _, guard := guardedByLookup(t, bearergate.CacheConfig{})
		passes(t, guard, get("o_a"))
		delete(store.claims, "o_a")
		time.Sleep(bearergate.DefaultCacheMaxAge - 1)
		passes(t, guard, get("o_a"))
		store.wantsAsked(t, 1)
		time.Sleep(time.Nanosecond)
		refuses(t, guard, get("o_a"), bearergate.ErrInvalidToken)
	})
}

// Rules: S4.38.
func TestClaimsAreNotKeptBeyondTheExpiry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, _, guard := guardedByLookup(t, bearergate.CacheConfig{MaxAge: 24 * time.Hour})
		passes(t, guard, get("o_a"))
		time.Sleep(time.Hour + bearergate.DefaultLeeway - 1)
		passes(t, guard, get("o_a"))
		store.wantsAsked(t, 1)
		time.Sleep(time.Nanosecond)
		refuses(t, guard, get("o_a"), bearergate.ErrInvalidToken)
		store.wantsAsked(t, 2)
	})
}

// Rules: S4.32, S4.38.
func TestOnlyClaimsAreKept(t *testing.T) {
	store, _, guard := guardedByLookup(t, bearergate.CacheConfig{})
	good := store.claims["o_a"]
	refuses(t, guard, get("o_b"), bearergate.ErrInvalidToken)
	for token, spoil := range map[string]func(c *bearergate.Claims){
		"o_without_type":   func(c *bearergate.Claims) { c.Type = "" },
		"o_without_expiry": func(c *bearergate.Claims) { c.ExpiresAt = time.Time{} },
	} {
		claims := good
		spoil(&claims)
		store.claims[token] = claims
		refuses(t, guard, get(token), bearergate.ErrTemporarilyUnavailable)
		store.claims[token] = good
		passes(t, guard, get(token))
	}
	store.claims["o_b"] = good
	passes(t, guard, get("o_b"))
	store.claims["o_c"], store.err = good, errors.New("down")
	refuses(t, guard, get("o_c"), bearergate.ErrTemporarilyUnavailable)
	store.err = nil
	passes(t, guard, get("o_c"))
}

// Rules: S4.34.
func TestForgettingAGrantOrFamilyForgetsItsTokens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		family := secret.New()
		for name, test := range map[string]struct {
			forget  func(c *bearergate.CachedLookup)
			forgets bool
		}{
			"its grant":      {func(c *bearergate.CachedLookup) { c.Forget(bearergatetest.DefaultGrantID) }, true},
			"its family":     {func(c *bearergate.CachedLookup) { c.Forget(family) }, true},
			"all":            {func(c *bearergate.CachedLookup) { c.ForgetAll() }, true},
			"another grant":  {func(c *bearergate.CachedLookup) { c.Forget("another") }, false},
			"another family": {func(c *bearergate.CachedLookup) { c.Forget(secret.New()) }, false},
		} {
			store, cached, guard := guardedByLookup(t, bearergate.CacheConfig{})
			claims := store.claims["o_a"]
			claims.ID = tokenid.ID{Family: family}.New()
			store.claims["o_a"] = claims
			passes(t, guard, get("o_a"))
			delete(store.claims, "o_a")
			test.forget(cached)
			if test.forgets {
				refuses(t, guard, get("o_a"), bearergate.ErrInvalidToken)
			} else {
				passes(t, guard, get("o_a"))
			}
			if t.Failed() {
				t.Fatalf("after forgetting %s", name)
			}
		}
	})
}

// Rules: S4.35.
func TestClaimsAreUsedWhileTheChannelIsProven(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, cached, guard := guardedByLookup(t, bearergate.CacheConfig{MaxSilence: time.Second})
		cached.Alive(time.Now())
		passes(t, guard, get("o_a"))
		time.Sleep(time.Second - 1)
		passes(t, guard, get("o_a"))
		store.wantsAsked(t, 1)
		time.Sleep(time.Nanosecond)
		passes(t, guard, get("o_a"))
		store.wantsAsked(t, 2)
	})
}

// keptClaims returns a cache that has the claims of many tokens, and one of these.
func keptClaims(t testing.TB, tokens int) (*bearergate.CachedLookup, sum) {
	claims := bearergatetest.InstallationClaims("a")
	claims.ExpiresAt = time.Now().Add(time.Hour)
	claims.ID = tokenid.ID{Family: secret.New()}.New()
	cached := cachedLookup(t, func(context.Context, sum) (bearergate.Claims, error) { return claims, nil }, bearergate.CacheConfig{MaxAge: time.Hour})
	var last sum
	for i := range tokens {
		last = sha256.Sum256(fmt.Append(nil, i))
		if _, err := cached.Lookup(t.Context(), last); err != nil {
			t.Fatal(err)
		}
	}
	return cached, last
}

func TestKeptClaimsCostNoAllocation(t *testing.T) {
	cached, token := keptClaims(t, 1)
	got := testing.AllocsPerRun(1000, func() { cached.Lookup(t.Context(), token) })
	if got > 0 && !raceEnabled {
		t.Errorf("got %v allocations, want none", got)
	}
}

func BenchmarkKeptClaims(b *testing.B) {
	cached, token := keptClaims(b, bearergate.DefaultCacheMaxEntries)
	b.Run("Lookup", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			cached.Lookup(b.Context(), token)
		}
	})
	b.Run("Forget", func(b *testing.B) {
		for b.Loop() {
			cached.Forget("another")
		}
	})
}
