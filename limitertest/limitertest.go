// Package limitertest tests implementations of [bearergate.Limiter].
//
//	func TestLimiter(t *testing.T) {
//		limitertest.Run(t, func(t *testing.T, limit uint64, window time.Duration) func() bearergate.Limiter {
//			server := newServer(t) // yours, empty
//			return func() bearergate.Limiter { return newLimiter(t, server, limit, window) }
//		})
//	}
package limitertest

import (
	"testing"
	"time"

	"github.com/bearergate/bearergate"
)

// Run tests that a limiter keeps the promises of [bearergate.Limiter], also under
// concurrent use and with cancelled contexts. newBudgets makes unused budgets, in which
// each key may make limit requests in each window. It returns a function that returns a
// limiter of these budgets, as each process has one: Run calls it several times. A
// limiter in memory is returned again. A limiter that reserves requests in advance may
// refuse a twentieth of a budget, while several processes share it. One test waits for
// a window of a second to end, on the real clock.
func Run(t *testing.T, newBudgets func(t *testing.T, limit uint64, window time.Duration) (open func() bearergate.Limiter)) {
	for _, test := range []struct {
		name   string
		limit  uint64
		window time.Duration
		run    func(*suite)
	}{
		{"passes exactly as many requests as the budget has", 10, time.Hour, (*suite).passesExactly},
		{"passes exactly as many concurrent requests", 100, time.Hour, (*suite).passesExactlyAtOnce},
		{"passes no more if two limiters share the budget", 100, time.Hour, (*suite).sharesBudget},
		{"keeps keys apart", 1, time.Hour, (*suite).keepsKeysApart},
		{"returns the quota after each request", 5, time.Hour, (*suite).returnsQuota},
		{"does not refuse if the context has ended", 10, time.Hour, (*suite).doesNotRefuseDeadContext},
		{"counts no more than it lets pass if the context ends", 10, time.Hour, (*suite).countsUnderCancellation},
		{"restores the budget at Reset", 3, time.Second, (*suite).restores},
	} {
		t.Run(test.name, func(t *testing.T) {
			open := newBudgets(t, test.limit, test.window)
			test.run(&suite{T: t, open: open, limiter: open(), limit: test.limit, window: test.window})
		})
	}
}

// suite is one test with a limiter of its own.
type suite struct {
	*testing.T
	open    func() bearergate.Limiter
	limiter bearergate.Limiter
	limit   uint64
	window  time.Duration
}
