package limitertest_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/internal/mustfail"
	"github.com/bearergate/bearergate/limitertest"
	"github.com/sethvargo/go-limiter/memorystore"
)

func TestMemoryLimiter(t *testing.T) {
	limitertest.Run(t, func(t *testing.T, limit uint64, window time.Duration) func() bearergate.Limiter {
		return always(newMemoryLimiter(t, limit, window))
	})
}

func always(l bearergate.Limiter) func() bearergate.Limiter {
	return func() bearergate.Limiter { return l }
}

func newMemoryLimiter(t *testing.T, limit uint64, window time.Duration) bearergate.Limiter {
	l, err := bearergate.PerWindow(limit, window)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

func TestStoreLimiter(t *testing.T) {
	limitertest.Run(t, func(t *testing.T, limit uint64, window time.Duration) func() bearergate.Limiter {
		store, err := memorystore.New(&memorystore.Config{Tokens: limit, Interval: window})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { store.Close(context.Background()) })
		return always(bearergate.NewStoreLimiter(store, window))
	})
}

type (
	quota = bearergate.Quota
	fault func(l bearergate.Limiter) bearergate.LimiterFunc
)

// counts is a limiter that counts keys as one that differ.
func counts(as func(key string) string) fault {
	return func(l bearergate.Limiter) bearergate.LimiterFunc {
		return func(ctx context.Context, key string) (quota, error) { return l.Take(ctx, as(key)) }
	}
}

// returns is a limiter that returns something else.
func returns(change func(ctx context.Context, q *quota) error) fault {
	return func(l bearergate.Limiter) bearergate.LimiterFunc {
		return func(ctx context.Context, key string) (quota, error) {
			q, err := l.Take(context.WithoutCancel(ctx), key)
			if err == nil {
				err = change(ctx, &q)
			}
			return q, err
		}
	}
}

func TestFaultyLimiterFails(t *testing.T) {
	for name, spoil := range map[string]fault{
		"has one budget for all": counts(func(string) string { return "" }),
		"ignores case":           counts(strings.ToLower),
		"trims space":            counts(strings.TrimSpace),
		"ends at NUL":            counts(func(key string) string { before, _, _ := strings.Cut(key, "\x00"); return before }),
		"repairs UTF-8":          counts(func(key string) string { return strings.ToValidUTF8(key, "?") }),
		"cuts long keys":         counts(func(key string) string { return key[:min(len(key), 255)] }),
		"refuses nobody":         returns(func(_ context.Context, q *quota) error { q.Allowed = true; return nil }),
		"refuses the last":       returns(func(_ context.Context, q *quota) error { q.Allowed = q.Remaining > 0; return nil }),
		"refuses by an error": returns(func(_ context.Context, q *quota) error {
			if !q.Allowed {
				return errors.New("used up")
			}
			return nil
		}),
		"does not know its limit": returns(func(_ context.Context, q *quota) error { q.Limit = 0; return nil }),
		"returns what was left before": returns(func(_ context.Context, q *quota) error {
			if q.Allowed {
				q.Remaining++
			}
			return nil
		}),
		"has no reset": returns(func(_ context.Context, q *quota) error { q.Reset = time.Time{}; return nil }),
		"resets in nanoseconds": returns(func(_ context.Context, q *quota) error {
			q.Reset = time.Unix(q.Reset.UnixNano(), 0)
			return nil
		}),
		"resets too early":                returns(func(_ context.Context, q *quota) error { q.Reset = time.Now(); return nil }),
		"resets a day late":               returns(func(_ context.Context, q *quota) error { q.Reset = q.Reset.Add(24 * time.Hour); return nil }),
		"has a window of nanoseconds":     returns(func(_ context.Context, q *quota) error { q.Window /= time.Second; return nil }),
		"refuses if the context ended":    returns(func(ctx context.Context, q *quota) error { q.Allowed = q.Allowed && ctx.Err() == nil; return nil }),
		"passes all if the context ended": returns(func(ctx context.Context, q *quota) error { q.Allowed = q.Allowed || ctx.Err() != nil; return nil }),
		"hangs if the context ended": returns(func(ctx context.Context, _ *quota) error {
			if ctx.Err() != nil {
				select {}
			}
			return nil
		}),
		"never restores the budget": neverRestores,
		"counts once":               countsOnce,
		"counts in two steps":       countsInTwoSteps,
	} {
		mustfail.Run(t, name, func(t *testing.T) {
			limitertest.Run(t, func(t *testing.T, limit uint64, window time.Duration) func() bearergate.Limiter {
				return always(spoil(newMemoryLimiter(t, limit, window)))
			})
		})
	}
}

// TestFaultyLimitersOfOneBudgetFail has limiters that are right by themselves.
func TestFaultyLimitersOfOneBudgetFail(t *testing.T) {
	for name, newBudgets := range map[string]func(t *testing.T, limit uint64, window time.Duration) func() bearergate.Limiter{
		"each have a budget": func(t *testing.T, limit uint64, window time.Duration) func() bearergate.Limiter {
			return func() bearergate.Limiter { return newMemoryLimiter(t, limit, window) }
		},
		"each have a half":         parts(2, 1),
		"each have less than half": parts(5, 2),
	} {
		mustfail.Run(t, name, func(t *testing.T) { limitertest.Run(t, newBudgets) })
	}
}

// parts gives each limiter a part of a large budget.
func parts(of, each uint64) func(t *testing.T, limit uint64, window time.Duration) func() bearergate.Limiter {
	return func(t *testing.T, limit uint64, window time.Duration) func() bearergate.Limiter {
		if limit < 100 {
			return always(newMemoryLimiter(t, limit, window))
		}
		return func() bearergate.Limiter { return newMemoryLimiter(t, limit/of*each, window) }
	}
}

// TestLimiterWithLeasesPasses has limiters that reserve five requests in advance.
func TestLimiterWithLeasesPasses(t *testing.T) {
	limitertest.Run(t, func(t *testing.T, limit uint64, window time.Duration) func() bearergate.Limiter {
		budget := newMemoryLimiter(t, limit, window)
		if limit < 100 {
			return always(budget)
		}
		return func() bearergate.Limiter { return leasing(budget) }
	})
}

// TestLimiterWithWindowsOfTheClockPasses has a window that ends while the suite uses up
// its budget.
func TestLimiterWithWindowsOfTheClockPasses(t *testing.T) {
	limitertest.Run(t, func(t *testing.T, limit uint64, window time.Duration) func() bearergate.Limiter {
		budget := newMemoryLimiter(t, limit, window)
		if window > time.Second {
			return always(budget)
		}
		return always(clocked(limit, window))
	})
}

// clocked has windows that do not begin with the first request. The first one ends after
// half of its budget.
func clocked(limit uint64, window time.Duration) bearergate.Limiter {
	var mu sync.Mutex
	var taken, used uint64
	var ends time.Time
	return bearergate.LimiterFunc(func(context.Context, string) (quota, error) {
		mu.Lock()
		defer mu.Unlock()
		taken++
		if taken == limit/2+1 || !time.Now().Before(ends) {
			used, ends = 0, time.Now().Add(window)
		}
		q := quota{Limit: limit, Reset: ends, Window: window}
		if used < limit {
			used++
			q.Allowed, q.Remaining = true, limit-used
		}
		return q, nil
	})
}

// leasing takes five requests at once. It does not return the quota as it is.
func leasing(budget bearergate.Limiter) bearergate.Limiter {
	var mu sync.Mutex
	var left int
	var last quota
	return bearergate.LimiterFunc(func(ctx context.Context, key string) (quota, error) {
		mu.Lock()
		defer mu.Unlock()
		for ; left < 5; left++ {
			q, err := budget.Take(ctx, key)
			if err != nil {
				return q, err
			}
			last = q
			if !q.Allowed {
				break
			}
		}
		q := last
		q.Allowed = left > 0
		left = max(0, left-1)
		return q, nil
	})
}

// neverRestores passes no key again that it has refused.
func neverRestores(l bearergate.Limiter) bearergate.LimiterFunc {
	var refused sync.Map
	return func(ctx context.Context, key string) (quota, error) {
		q, err := l.Take(ctx, key)
		if _, was := refused.Load(key); was {
			q.Allowed = false
		}
		if !q.Allowed {
			refused.Store(key, true)
		}
		return q, err
	}
}

// countsOnce limits nobody after the first window.
func countsOnce(l bearergate.Limiter) bearergate.LimiterFunc {
	var mu sync.Mutex
	resets := make(map[string]time.Time)
	return func(ctx context.Context, key string) (quota, error) {
		q, err := l.Take(ctx, key)
		mu.Lock()
		defer mu.Unlock()
		if resets[key].IsZero() {
			resets[key] = q.Reset
		}
		q.Allowed = q.Allowed || q.Reset.After(resets[key])
		return q, err
	}
}

// countsInTwoSteps reads a budget and then writes it.
func countsInTwoSteps(l bearergate.Limiter) bearergate.LimiterFunc {
	var mu sync.Mutex
	used := make(map[string]uint64)
	return func(ctx context.Context, key string) (quota, error) {
		q, err := l.Take(ctx, key)
		mu.Lock()
		n := used[key]
		mu.Unlock()
		if n < q.Limit {
			time.Sleep(time.Millisecond)
			mu.Lock()
			used[key] = n + 1
			mu.Unlock()
			q.Remaining, q.Allowed = q.Limit-n-1, true
		}
		return q, err
	}
}
