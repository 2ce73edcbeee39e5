package redis_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/limitertest"
	"github.com/bearergate/bearergate/redisstore"
)

func newLimiter(t testing.TB, client redis.UniversalClient, prefix string, limit uint64, window time.Duration, opts ...redisstore.LimiterOption) *redisstore.Limiter {
	t.Helper()
	l, err := redisstore.NewLimiter(client, prefix, limit, window, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestLimiter(t *testing.T) {
	onBoth(t, func(t *testing.T, connect func(testing.TB) redis.UniversalClient) {
		for name, opts := range map[string][]redisstore.LimiterOption{"leases": nil, "no leases": {redisstore.WithoutLeases()}} {
			t.Run(name, func(t *testing.T) {
				limitertest.Run(t, func(t *testing.T, limit uint64, window time.Duration) func() bearergate.Limiter {
					prefix := newPrefix()
					return func() bearergate.Limiter { return newLimiter(t, connect(t), prefix, limit, window, opts...) }
				})
			})
		}
	})
}

func take(t testing.TB, l bearergate.Limiter, key string) bearergate.Quota {
	t.Helper()
	q, err := l.Take(t.Context(), key)
	if err != nil {
		t.Fatalf("Take: got the error %v, want none", err)
	}
	return q
}

// useUp takes until a request is refused, and returns how many were allowed.
func useUp(t testing.TB, l bearergate.Limiter, key string) int {
	t.Helper()
	for allowed := 0; ; allowed++ {
		if !take(t, l, key).Allowed {
			return allowed
		}
	}
}

func TestLimitersOfOnePrefixShareBudgets(t *testing.T) {
	onBoth(t, func(t *testing.T, connect func(testing.TB) redis.UniversalClient) {
		prefix, total := newPrefix(), 0
		var all []*redisstore.Limiter
		for range 8 {
			all = append(all, newLimiter(t, connect(t), prefix, 1000, time.Hour))
		}
		for n := range 2000 {
			if take(t, all[n%len(all)], "key").Allowed {
				total++
			}
		}
		if total != 1000 {
			t.Errorf("got %d requests of 8 limiters Allowed, want 1000", total)
		}
	})
}

// TestNobodyIsRefusedBefore95PerCent lets 7 of 8 limiters hold what they leased.
func TestNobodyIsRefusedBefore95PerCent(t *testing.T) {
	client := newClient(t, sharedRedis(t).Addr)
	for round := range 20 {
		prefix, total := newPrefix(), 0
		for range 7 {
			l := newLimiter(t, client, prefix, 1000, time.Hour)
			for range 60 + round {
				if take(t, l, "key").Allowed {
					total++
				}
			}
		}
		total += useUp(t, newLimiter(t, client, prefix, 1000, time.Hour), "key")
		if total < 950 || total > 1000 {
			t.Errorf("got %d requests Allowed before the first was refused, want 950 to 1000", total)
		}
	}
}

func TestLimiterCountsRequestsThatWaitInOneTrip(t *testing.T) {
	client, sent := newClient(t, sharedRedis(t).Addr), new(trips)
	client.AddHook(sent)
	l := newLimiter(t, client, newPrefix(), 1000, time.Hour)
	var running sync.WaitGroup
	for range 900 {
		running.Go(func() { take(t, l, "key") })
	}
	running.Wait()
	if got := sent.total(); got > 60 {
		t.Errorf("got %d round trips for 900 requests at once, want 60 at most", got)
	}
	if q := take(t, l, "key"); q.Remaining != 99 {
		t.Errorf("got %d Remaining, want 99", q.Remaining)
	}
}

// TestRequestsThatComeWhileAskingUseTheLease holds a call back until more requests
// wait than it counts.
func TestRequestsThatComeWhileAskingUseTheLease(t *testing.T) {
	client, gate := newClient(t, sharedRedis(t).Addr), &gate{entered: make(chan struct{}), leave: make(chan struct{})}
	client.AddHook(gate)
	l := newLimiter(t, client, newPrefix(), 1000, time.Hour)
	for range 40 {
		take(t, l, "key")
	}
	gate.on.Store(true)
	var running sync.WaitGroup
	asking := false
	for !asking {
		answered := make(chan struct{})
		running.Go(func() { take(t, l, "key"); close(answered) })
		select {
		case <-answered:
		case <-gate.entered:
			asking = true
		}
	}
	for range 5 {
		running.Go(func() { take(t, l, "key") })
	}
	time.Sleep(50 * time.Millisecond) // until they wait
	gate.on.Store(false)
	before := gate.count.Load()
	close(gate.leave)
	running.Wait()
	if got := gate.count.Load() - before; got != 0 {
		t.Errorf("got %d more round trips, want the lease used", got)
	}
}

// TestPlaceOfRequestThatLeftIsUsed lets a request leave while Redis counts it.
func TestPlaceOfRequestThatLeftIsUsed(t *testing.T) {
	client, gate := newClient(t, sharedRedis(t).Addr), &gate{entered: make(chan struct{}), leave: make(chan struct{})}
	client.AddHook(gate)
	l := newLimiter(t, client, newPrefix(), 10, time.Hour)
	take(t, l, "another key") // loads the script
	gate.on.Store(true)
	var running sync.WaitGroup
	allowed := 0
	running.Go(func() { allowed += passed(l.Take(t.Context(), "key")) }) // is counted alone
	<-gate.entered
	leaves, cancel := context.WithCancel(t.Context())
	running.Go(func() {
		if q, err := l.Take(leaves, "key"); err == nil {
			t.Errorf("Take: got %+v, want an error", q)
		}
	})
	time.Sleep(50 * time.Millisecond) // until it waits
	gate.leave <- struct{}{}
	<-gate.entered
	cancel()
	time.Sleep(50 * time.Millisecond) // until it left
	gate.on.Store(false)
	gate.leave <- struct{}{}
	running.Wait()
	if allowed += useUp(t, l, "key"); allowed != 10 {
		t.Errorf("got %d requests Allowed, want 10", allowed)
	}
}

// gate holds commands back while it is on.
type gate struct {
	on             atomic.Bool
	count          atomic.Int64
	entered, leave chan struct{}
}

func (*gate) DialHook(next redis.DialHook) redis.DialHook { return next }

func (*gate) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func (g *gate) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		g.count.Add(1)
		if g.on.Load() {
			g.entered <- struct{}{}
			<-g.leave
		}
		return next(ctx, cmd)
	}
}

func TestLeaseEndsWithItsWindow(t *testing.T) {
	l := newLimiter(t, newClient(t, sharedRedis(t).Addr), newPrefix(), 1000, 500*time.Millisecond)
	for round := range 3 {
		var last bearergate.Quota
		for range 40 {
			if last = take(t, l, "key"); !last.Allowed || last.Reset.Before(time.Now()) {
				t.Fatalf("round %d: got %+v, want a request of a window that goes on", round, last)
			}
		}
		if last.Remaining != 960 {
			t.Errorf("round %d: got %d Remaining, want 960", round, last.Remaining)
		}
		time.Sleep(time.Until(last.Reset))
	}
}

func TestRefusalsCostNoTrip(t *testing.T) {
	client, sent := newClient(t, sharedRedis(t).Addr), new(trips)
	client.AddHook(sent)
	l := newLimiter(t, client, newPrefix(), 1000, time.Hour)
	useUp(t, l, "key")
	before := sent.total()
	for range 1000 {
		if take(t, l, "key").Allowed {
			t.Fatal("got a request Allowed, want it refused")
		}
	}
	if got := sent.total(); got != before {
		t.Errorf("got %d round trips for 1000 refused requests, want none", got-before)
	}
}

func TestBudgetsExpire(t *testing.T) {
	client := newClient(t, sharedRedis(t).Addr)
	for _, window := range []time.Duration{time.Millisecond, 1500 * time.Microsecond, 999 * time.Millisecond, time.Second, time.Hour} {
		prefix := newPrefix()
		take(t, newLimiter(t, client, prefix, 10, window), "key")
		ttl, err := client.PTTL(t.Context(), prefix+"key").Result()
		if err != nil || ttl == -1 || ttl > window+time.Millisecond {
			t.Errorf("window %v: got the TTL %v, %v, want at most the window", window, ttl, err)
		}
	}
}

func TestBudgetWithoutExpiryIsGivenOne(t *testing.T) {
	client, prefix := newClient(t, sharedRedis(t).Addr), newPrefix()
	l := newLimiter(t, client, prefix, 10, time.Minute)
	take(t, l, "key")
	if err := client.Persist(t.Context(), prefix+"key").Err(); err != nil {
		t.Fatal(err)
	}
	take(t, newLimiter(t, client, prefix, 10, time.Minute), "key")
	if ttl, err := client.PTTL(t.Context(), prefix+"key").Result(); err != nil || ttl <= 0 {
		t.Errorf("got the TTL %v, %v, want a minute at most", ttl, err)
	}
}

// TestLostAnswersCountNothing loses every second answer of Redis: the next call
// returns to the budget what the lost one was given.
func TestLostAnswersCountNothing(t *testing.T) {
	client, losing := newClient(t, sharedRedis(t).Addr), new(loses)
	client.AddHook(losing)
	l := newLimiter(t, client, newPrefix(), 1000, time.Hour)
	allowed, lost := 0, 0
	for refused := false; !refused; {
		q, err := l.Take(t.Context(), "key")
		switch {
		case err != nil:
			lost++
			losing.set(false)
		case q.Allowed:
			allowed++
			losing.set(allowed%2 == 0)
		default:
			refused = true
		}
	}
	if allowed != 1000 || lost < 5 {
		t.Errorf("got %d requests Allowed and %d answers lost, want 1000 and a few", allowed, lost)
	}
}

// loses loses the answers to commands, after Redis has run them.
type loses struct {
	mu sync.Mutex
	on bool
}

func (h *loses) set(on bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.on = on
}

func (h *loses) DialHook(next redis.DialHook) redis.DialHook { return next }

func (h *loses) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func (h *loses) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		err := next(ctx, cmd)
		h.mu.Lock()
		defer h.mu.Unlock()
		if err == nil && h.on {
			err = fmt.Errorf("the answer was lost")
			cmd.SetErr(err)
		}
		return err
	}
}
