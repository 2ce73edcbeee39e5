package bearergate_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/bearergatetest"
	"github.com/bearergate/bearergate/granttest"
)

func TestCachedGrantsPassTheSuite(t *testing.T) {
	granttest.Run(t, func(t *testing.T) (func() bearergate.GrantStore, func(bearergate.Grant) error) {
		store := new(bearergate.MemoryGrants)
		cached := cachedGrants(t, store, bearergate.CacheConfig{})
		return func() bearergate.GrantStore { return cached }, func(g bearergate.Grant) error {
			store.Put(g)
			cached.Forget(g.ID)
			return nil
		}
	})
}

func cachedGrants(t testing.TB, store bearergate.GrantStore, c bearergate.CacheConfig) *bearergate.CachedGrants {
	t.Helper()
	cached, err := bearergate.NewCachedGrants(store, c)
	if err != nil {
		t.Fatal(err)
	}
	return cached
}

const cachedID = bearergatetest.DefaultGrantID

// remoteGrants is a store that another process uses too. It fails if err is set.
type remoteGrants struct {
	bearergate.MemoryGrants
	err   error
	asked int
}

func (r *remoteGrants) Grant(ctx context.Context, id string) (bearergate.Grant, error) {
	r.asked++
	if r.err != nil {
		return bearergate.Grant{}, r.err
	}
	return r.MemoryGrants.Grant(ctx, id)
}

// guardedByCache returns a store with a grant, and a guard that caches it.
func guardedByCache(t *testing.T, c bearergate.CacheConfig) (*remoteGrants, *bearergate.CachedGrants, bearergate.Middleware) {
	store := new(remoteGrants)
	store.Put(bearergate.Grant{ID: cachedID, OrganizationID: "acme"})
	cached := cachedGrants(t, store, c)
	return store, cached, bearergate.RequireGrant(cached)
}

// Rules: S4.31, S4.34.
func TestRevocationIsSeenAtOnceOrWithinTheBound(t *testing.T) {
	for name, test := range map[string]struct {
		config bearergate.CacheConfig
		forget func(*bearergate.CachedGrants) // nil: nobody reports the revocation
		bound  time.Duration
	}{
		"told":               {bearergate.CacheConfig{}, func(c *bearergate.CachedGrants) { c.Forget(cachedID) }, 0},
		"told of all":        {bearergate.CacheConfig{}, (*bearergate.CachedGrants).ForgetAll, 0},
		"not told":           {bearergate.CacheConfig{}, nil, 5 * time.Second},
		"not told, a minute": {bearergate.CacheConfig{MaxAge: time.Minute}, nil, time.Minute},
		"a silent channel":   {bearergate.CacheConfig{MaxAge: time.Minute, MaxSilence: time.Second}, nil, time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store, cached, guard := guardedByCache(t, test.config)
				cached.Alive(time.Now())
				passes(t, guard, as(bearergatetest.InstallationClaims()))
				store.Revoke(cachedID, time.Time{})
				if test.forget != nil {
					test.forget(cached)
				} else {
					time.Sleep(test.bound - 1)
					passes(t, guard, as(bearergatetest.InstallationClaims()))
					time.Sleep(time.Nanosecond)
				}
				refuses(t, guard, as(bearergatetest.InstallationClaims()), bearergate.ErrGrantRevoked)
			})
		})
	}
}

// Rules: S4.32.
func TestFailureOfTheStoreIsNotCovered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, _, guard := guardedByCache(t, bearergate.CacheConfig{})
		passes(t, guard, as(bearergatetest.InstallationClaims()))
		store.err = errors.New("down")
		passes(t, guard, as(bearergatetest.InstallationClaims()))
		time.Sleep(bearergate.DefaultCacheMaxAge)
		for range 2 {
			refuses(t, guard, as(bearergatetest.InstallationClaims()), bearergate.ErrTemporarilyUnavailable)
		}
		store.err = nil
		passes(t, guard, as(bearergatetest.InstallationClaims()))
	})
}

// Rules: S4.32.
func TestUnknownGrantIsNotKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := new(bearergate.MemoryGrants)
		guard := bearergate.RequireGrant(cachedGrants(t, store, bearergate.CacheConfig{}))
		refuses(t, guard, as(bearergatetest.InstallationClaims()), bearergate.ErrGrantNotFound)
		store.Put(bearergate.Grant{ID: cachedID})
		passes(t, guard, as(bearergatetest.InstallationClaims()))
		store.Delete(cachedID)
		time.Sleep(bearergate.DefaultCacheMaxAge)
		refuses(t, guard, as(bearergatetest.InstallationClaims()), bearergate.ErrGrantNotFound)
	})
}

// Rules: S4.26, S4.32.
func TestGrantOfAnotherIdIsNotKept(t *testing.T) {
	answer := bearergate.Grant{ID: "another"}
	guard := bearergate.RequireGrant(cachedGrants(t, bearergate.GrantStoreFunc(func(context.Context, string) (bearergate.Grant, error) {
		return answer, nil
	}), bearergate.CacheConfig{}))
	refuses(t, guard, as(bearergatetest.InstallationClaims()), bearergate.ErrTemporarilyUnavailable)
	answer.ID = cachedID
	passes(t, guard, as(bearergatetest.InstallationClaims()))
}

// Rules: S4.37.
func TestRevokedGrantIsKeptLonger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, _, guard := guardedByCache(t, bearergate.CacheConfig{})
		store.Revoke(cachedID, time.Now().Add(time.Hour))
		refuses(t, guard, as(bearergatetest.InstallationClaims()), bearergate.ErrGrantRevoked)
		time.Sleep(10*bearergate.DefaultCacheMaxAge - 1)
		refuses(t, guard, as(bearergatetest.InstallationClaims()), bearergate.ErrGrantRevoked)
		if store.asked != 1 {
			t.Errorf("got %d queries, want 1", store.asked)
		}
		time.Sleep(time.Nanosecond)
		refuses(t, guard, as(bearergatetest.InstallationClaims()), bearergate.ErrGrantRevoked)
		if store.asked != 2 {
			t.Errorf("got %d queries, want 2", store.asked)
		}
	})
}

// Rules: S4.33.
func TestStoreThatHangsHoldsNoRequestBeyondTheTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		guard := bearergate.RequireGrant(cachedGrants(t, bearergate.GrantStoreFunc(func(ctx context.Context, _ string) (bearergate.Grant, error) {
			<-ctx.Done()
			return bearergate.Grant{}, ctx.Err()
		}), bearergate.CacheConfig{}))
		began := time.Now()
		refuses(t, guard, as(bearergatetest.InstallationClaims()), bearergate.ErrTemporarilyUnavailable)
		if got, want := time.Since(began), 5*time.Second; got != want {
			t.Errorf("got an answer after %v, want %v", got, want)
		}
	})
}

// TestSilentChannelBoundsSharedQueries has a query that is older than the channel may
// be silent: a later request does not wait for it.
//
// Rules: S4.31, S4.35.
func TestSilentChannelBoundsSharedQueries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var store bearergate.MemoryGrants
		cached := cachedGrants(t, bearergate.GrantStoreFunc(func(ctx context.Context, id string) (bearergate.Grant, error) {
			g, err := store.Grant(ctx, id)
			time.Sleep(3 * time.Second)
			return g, err
		}), bearergate.CacheConfig{MaxSilence: time.Second})
		guard := bearergate.RequireGrant(cached)
		store.Put(bearergate.Grant{ID: cachedID})
		go guard(http.NotFoundHandler()).ServeHTTP(httptest.NewRecorder(), as(bearergatetest.InstallationClaims()))
		synctest.Wait()
		store.Revoke(cachedID, time.Time{})
		time.Sleep(time.Second)
		refuses(t, guard, as(bearergatetest.InstallationClaims()), bearergate.ErrGrantRevoked)
	})
}

// Rules: S1.13, S1.14.
func TestStoreBehindACacheThatPanicsIs503(t *testing.T) {
	guard := bearergate.RequireGrant(cachedGrants(t, bearergate.GrantStoreFunc(func(context.Context, string) (bearergate.Grant, error) {
		panic("boom")
	}), bearergate.CacheConfig{}))
	refuses(t, guard, as(bearergatetest.InstallationClaims()), bearergate.ErrTemporarilyUnavailable)
}

func TestCacheConfigIsChecked(t *testing.T) {
	store := new(bearergate.MemoryGrants)
	var noStore *bearergate.MemoryGrants
	lookup := func(context.Context, [32]byte) (bearergate.Claims, error) { return bearergate.Claims{}, nil }
	for field, c := range map[string]bearergate.CacheConfig{
		"MaxAge": {MaxAge: -1}, "MaxSilence": {MaxSilence: -1}, "MaxEntries": {MaxEntries: -1},
	} {
		if _, err := bearergate.NewCachedGrants(store, c); err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("NewCachedGrants: got the error %v, want one that names %s", err, field)
		}
		if _, err := bearergate.NewCachedLookup(lookup, c); err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("NewCachedLookup: got the error %v, want one that names %s", err, field)
		}
	}
	if _, err := bearergate.NewCachedGrants(noStore, bearergate.CacheConfig{}); err == nil {
		t.Error("NewCachedGrants of a nil store: got no error, want one")
	}
	if _, err := bearergate.NewCachedLookup(nil, bearergate.CacheConfig{}); err == nil {
		t.Error("NewCachedLookup of a nil lookup: got no error, want one")
	}
}

// keptGrant returns a cache that has the grant.
func keptGrant(t testing.TB) *bearergate.CachedGrants {
	store := new(bearergate.MemoryGrants)
	store.Put(bearergate.Grant{ID: cachedID, OrganizationID: "acme", Scopes: []string{"a", "b"}, ProjectIDs: []string{"p"}})
	cached := cachedGrants(t, store, bearergate.CacheConfig{MaxAge: time.Hour, MaxSilence: time.Hour})
	cached.Alive(time.Now())
	if _, err := cached.Grant(t.Context(), cachedID); err != nil {
		t.Fatal(err)
	}
	return cached
}

func TestKeptGrantCostsOneAllocation(t *testing.T) {
	cached := keptGrant(t)
	got := testing.AllocsPerRun(1000, func() { cached.Grant(t.Context(), cachedID) })
	if got > 1 && !raceEnabled {
		t.Errorf("got %v allocations, want 1", got)
	}
}

func BenchmarkKeptGrant(b *testing.B) {
	cached := keptGrant(b)
	ctx := b.Context()
	b.ReportAllocs()
	b.Run("one", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			cached.Grant(ctx, cachedID)
		}
	})
	b.Run("all processors", func(b *testing.B) {
		b.ReportAllocs()
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				cached.Grant(ctx, cachedID)
			}
		})
	})
}
