package redis_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/engines/servers"
	"github.com/bearergate/bearergate/redisstore"
)

// deadline is how long a call may last that has 50 ms, on a machine with other work.
const deadline = 50*time.Millisecond + 500*time.Millisecond

// hang is a way to make Redis hang, or its network.
type hang struct {
	name        string
	client      redis.UniversalClient
	begin, heal func()
}

// hangs returns the ways, each with a new server.
func hangs(t *testing.T) []hang {
	t.Helper()
	stopped, held, slow := servers.NewRedis(t), servers.NewRedis(t), servers.NewRedis(t)
	heldProxy, slowProxy := servers.NewProxy(t, held.Addr), servers.NewProxy(t, slow.Addr)
	must := func(err error) {
		if err != nil {
			t.Error(err)
		}
	}
	return []hang{
		{"SIGSTOP", newClient(t, stopped.Addr), func() { must(stopped.Stop()) }, func() { must(stopped.Continue()) }},
		{"black hole", newClient(t, heldProxy.Addr), heldProxy.Hold, heldProxy.Heal},
		{"slow link", newClient(t, slowProxy.Addr), func() { slowProxy.Slow(time.Second) }, slowProxy.Heal},
	}
}

func TestDeadlineHoldsIfRedisHangs(t *testing.T) {
	for _, h := range hangs(t) {
		t.Run(h.name, func(t *testing.T) {
			l := newLimiter(t, h.client, newPrefix(), 1000, time.Hour)
			store := newStores(t, h.client)[0]
			guard, fallback := guardedBy(l), guardedBy(l, bearergate.WithFallback(memoryLimiter(t, 2)))
			serves(t, guard, http.StatusOK)
			h.begin()
			for n := range 20 {
				serves(t, guard, http.StatusServiceUnavailable)
				serves(t, fallback, []int{http.StatusOK, http.StatusTooManyRequests}[min(n/2, 1)])
				within(t, "Code", func(ctx context.Context) error {
					_, _, err := store.Codes().Code(ctx, newSum())
					return err
				})
			}
			h.heal()
			recovers(t, func() bool {
				q, err := l.Take(t.Context(), "another key")
				_, _, codeErr := store.Codes().Code(t.Context(), newSum())
				return err == nil && q.Allowed && codeErr == nil
			})
		})
	}
}

func TestPublishEndsAfterASecondIfRedisHangs(t *testing.T) {
	server := servers.NewRedis(t)
	r := newRevocations(t, newClient(t, server.Addr), newPrefix())
	publish(t, r, "grant")
	fatal(t, server.Stop())
	began := time.Now()
	err := r.Publish(context.WithoutCancel(t.Context()), "grant")
	if took := time.Since(began); err == nil || took > 1500*time.Millisecond {
		t.Errorf("Publish: got the error %v after %v, want one after 1s", err, took)
	}
	fatal(t, server.Continue())
	publish(t, r, "grant")
}

func memoryLimiter(t testing.TB, limit uint64) *bearergate.MemoryLimiter {
	t.Helper()
	l, err := bearergate.PerMinute(limit)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// guardedBy returns a handler behind a budget of the user, without a token's other
// guards.
func guardedBy(l bearergate.Limiter, opts ...bearergate.RateLimitOption) http.Handler {
	verifier := bearergate.NewOpaqueVerifier("bi_oat_", func(context.Context, [32]byte) (bearergate.Claims, error) {
		return bearergate.Claims{Type: bearergate.InstallationToken, InstallationID: "installation-1", ExpiresAt: time.Now().Add(time.Hour)}, nil
	})
	return bearergate.RequireToken(verifier)(bearergate.RateLimit(l, opts...)(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})))
}

// serves sends one request, which is answered in time.
func serves(t *testing.T, handler http.Handler, want int) {
	t.Helper()
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("Authorization", "Bearer "+opaqueToken)
	rec, began := httptest.NewRecorder(), time.Now()
	handler.ServeHTTP(rec, r)
	if took := time.Since(began); rec.Code != want || took > deadline {
		t.Errorf("got %d %s after %v, want %d within %v", rec.Code, rec.Body, took, want, deadline)
	}
}

// within calls do with a deadline, and wants an error in time.
func within(t *testing.T, name string, do func(ctx context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	began := time.Now()
	err := do(ctx)
	if took := time.Since(began); err == nil || took > deadline {
		t.Errorf("%s: got the error %v after %v, want one within %v", name, err, took, deadline)
	}
}

func recovers(t testing.TB, works func() bool) {
	t.Helper()
	for began := time.Now(); !works(); time.Sleep(10 * time.Millisecond) {
		if time.Since(began) > patience {
			t.Fatalf("got no recovery in %v, want one without help", patience)
		}
	}
}

// TestCodesSurviveKill kills Redis with an append-only file.
func TestCodesSurviveKill(t *testing.T) {
	server := servers.NewRedis(t, "--appendfsync", "always")
	store := newStores(t, newClient(t, server.Addr))[0].Codes()
	e := newEndpoint(t, store)
	used, waiting := e.newCode(), e.newCode()
	first := refreshForm(t, e.answers(used, http.StatusOK))

	server.Kill()
	e.answers(waiting, http.StatusServiceUnavailable)
	e.answers(first, http.StatusServiceUnavailable)
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	recovers(t, func() bool { _, _, err := store.Code(t.Context(), newSum()); return err == nil })
	e.answers(waiting, http.StatusOK)
	second := refreshForm(t, e.answers(first, http.StatusOK))
	e.answers(second, http.StatusOK)
	e.answers(used, http.StatusUnauthorized)
}

// TestRedisThatLostItsDataIsNotInvalidGrant starts Redis again without its data: the
// clients keep their tokens.
func TestRedisThatLostItsDataIsNotInvalidGrant(t *testing.T) {
	server := servers.NewRedis(t)
	client, c := newClient(t, server.Addr), redisstore.Config{Prefix: newPrefix()}
	if err := redisstore.Setup(t.Context(), client, c); err != nil {
		t.Fatal(err)
	}
	store := newStore(t, client, c)
	e := newEndpoint(t, store.Codes())
	waiting, refresh := e.newCode(), refreshForm(t, e.answers(e.newCode(), http.StatusOK))
	saveConnection(t, store.Connections(newKey(t)), "id", connection(1))
	if err := store.Ping(t.Context()); err != nil {
		t.Errorf("Ping: got the error %v, want none", err)
	}

	server.Kill()
	if err := store.Ping(t.Context()); err == nil {
		t.Error("Ping of a server that is down: got no error, want one")
	}
	if err := server.Empty(); err != nil {
		t.Fatal(err)
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	recovers(t, func() bool { return client.Ping(t.Context()).Err() == nil })
	for range 3 {
		e.answers(waiting, http.StatusServiceUnavailable)
		e.answers(refresh, http.StatusServiceUnavailable)
		if _, err := store.OpaqueTokens().Lookup(t.Context(), newSum()); err == nil || isCode(err) {
			t.Errorf("Lookup: got the error %v, want one without a code", err)
		}
		isUnsure(t, store, "id")
	}
	if err := store.Ping(t.Context()); err == nil {
		t.Error("Ping of a server that lost its data: got no error, want one that names Setup")
	}
	if _, err := redisstore.New(t.Context(), client, c); err == nil {
		t.Error("New: got no error, want one that names Setup")
	}
	if err := redisstore.Setup(t.Context(), client, c); err != nil {
		t.Fatal(err)
	}
	e.answers(refresh, http.StatusUnauthorized)
	e.answers(e.newCode(), http.StatusOK)
}

func TestScriptsAreLoadedAgain(t *testing.T) {
	onBoth(t, func(t *testing.T, connect func(testing.TB) redis.UniversalClient) {
		client := connect(t)
		store := newStores(t, client)[0]
		e, l := newEndpoint(t, store.Codes()), newLimiter(t, client, newPrefix(), 1000, time.Hour)
		code := e.newCode()
		for range 3 {
			if err := client.ScriptFlush(t.Context()).Err(); err != nil {
				t.Fatal(err)
			}
			code = refreshForm(t, e.answers(code, http.StatusOK))
			take(t, l, newPrefix())
		}
	})
}

func TestFullMemoryIsUnavailable(t *testing.T) {
	server := servers.NewRedis(t)
	client := newClient(t, server.Addr)
	store := newStores(t, client)[0]
	e, l := newEndpoint(t, store.Codes()), newLimiter(t, client, newPrefix(), 1000, time.Hour)
	waiting, refresh := e.newCode(), refreshForm(t, e.answers(e.newCode(), http.StatusOK))
	revoked := saveCode(t, store.Codes(), "another grant")

	client.ConfigSet(t.Context(), "maxmemory", "1")
	e.answers(waiting, http.StatusServiceUnavailable)
	e.answers(refresh, http.StatusServiceUnavailable)
	serves(t, guardedBy(l), http.StatusServiceUnavailable)
	if err := store.Codes().RevokeGrant(t.Context(), "another grant"); err != nil {
		t.Errorf("RevokeGrant: got the error %v, want none", err)
	}

	client.ConfigSet(t.Context(), "maxmemory", "0")
	e.answers(waiting, http.StatusOK)
	e.answers(refresh, http.StatusOK)
	serves(t, guardedBy(l), http.StatusOK)
	if _, found, err := store.Codes().Code(t.Context(), revoked); found || err != nil {
		t.Errorf("Code of a revoked grant: got found %v, %v, want false", found, err)
	}
}

// TestBudgetSurvivesRestart kills Redis in mid window: leases pass meanwhile, and no
// more than the budget pass.
func TestBudgetSurvivesRestart(t *testing.T) {
	server := servers.NewRedis(t, "--appendfsync", "always")
	l := newLimiter(t, newClient(t, server.Addr), newPrefix(), 1000, time.Hour)
	allowed := 0
	for ; allowed < 500; allowed++ {
		take(t, l, "key")
	}
	server.Kill()
	for {
		q, err := l.Take(t.Context(), "key")
		if err != nil {
			break
		}
		if q.Allowed {
			allowed++
		}
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	recovers(t, func() bool { q, err := l.Take(t.Context(), "key"); allowed += passed(q, err); return err == nil })
	if allowed += useUp(t, l, "key"); allowed > 1000 || allowed < 950 {
		t.Errorf("got %d requests Allowed, want 950 to 1000", allowed)
	}
}

func passed(q bearergate.Quota, err error) int {
	if err == nil && q.Allowed {
		return 1
	}
	return 0
}
