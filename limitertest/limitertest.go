// Package limitertest tests implementations of [bearergate.Limiter].
//
//	func TestLimiter(t *testing.T) {
//		limitertest.Run(t, func(t *testing.T, limit uint64, window time.Duration) bearergate.Limiter {
//			return newLimiter(t, limit, window) // yours
//		})
//	}
package limitertest

import (
	"testing"
	"time"

	"github.com/bearergate/bearergate"
)

// Run tests that a limiter keeps the promises of [bearergate.Limiter], also under
// concurrent use and with cancelled contexts. newLimiter returns a limiter that
// allows each key limit requests in each window. One test waits for a window of a
// second to end, on the real clock.
func Run(t *testing.T, newLimiter func(t *testing.T, limit uint64, window time.Duration) bearergate.Limiter) {
	for _, test := range []struct {
		name   string
		limit  uint64
		window time.Duration
		run    func(*suite)
	}{
		{"passes exactly as many requests as the budget has", 10, time.Hour, (*suite).passesExactly},
		{"passes exactly as many concurrent requests", 100, time.Hour, (*suite).passesExactlyAtOnce},
		{"keeps keys apart", 1, time.Hour, (*suite).keepsKeysApart},
		{"returns the quota after each request", 5, time.Hour, (*suite).returnsQuota},
		{"does not refuse if the context has ended", 10, time.Hour, (*suite).doesNotRefuseDeadContext},
		{"counts no more than it lets pass if the context ends", 10, time.Hour, (*suite).countsUnderCancellation},
		{"restores the budget at Reset", 3, time.Second, (*suite).restores},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.run(&suite{T: t, limiter: newLimiter(t, test.limit, test.window), limit: test.limit, window: test.window})
		})
	}
}

// suite is one test with a limiter of its own.
type suite struct {
	*testing.T
	limiter bearergate.Limiter
	limit   uint64
	window  time.Duration
}
