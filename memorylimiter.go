package bearergate

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"math"
	"sync/atomic"
	"time"
)

// DefaultRequestsPerMinute is the documented limit of an installation, for
// [PerMinute].
const DefaultRequestsPerMinute = 1000

// MemoryLimiter is a [Limiter] in memory. [PerMinute] and [PerWindow] return one; the
// zero value is not usable. It runs no goroutine. It is safe for concurrent use.
type MemoryLimiter struct {
	limit  uint64
	window time.Duration
	made   time.Time // the monotonic clock counts from here
	seed   maphash.Seed
	closed atomic.Bool

	sweepAt atomic.Int64 // a time.Duration since made
	swept   atomic.Uint64
	shards  [limiterShards]limiterShard
}

// limiterShards is how many parts the keys have, each with a lock of its own. A part
// of a million keys is swept in less than a millisecond.
const limiterShards = 512

// PerMinute returns a limiter with a budget of this many requests a minute for each
// key. It is [PerWindow] with a window of a minute.
func PerMinute(requests uint64) (*MemoryLimiter, error) {
	return PerWindow(requests, time.Minute)
}

// PerWindow returns a limiter with a budget of this many requests in each window, for
// each key. The windows of a key are fixed and start with its first request. The full
// budget is restored at the start of each window, so two windows that meet can let
// twice the budget through.
//
// A key costs at most 80 bytes beside its text, if there are thousands. The number of
// keys is not bounded. A key may be forgotten two windows after its last one began: in
// each window, requests remove the old keys of 512 parts, each of them of one part at
// most. So a million keys hold up none of them, and a limiter with fewer requests keeps
// its keys longer.
//
// It returns an error if requests is 0, or if the window is shorter than a millisecond
// or longer than 146 years.
func PerWindow(requests uint64, window time.Duration) (*MemoryLimiter, error) {
	var faults []error
	if requests == 0 {
		faults = append(faults, errors.New("bearergate: a budget of 0 requests refuses every request; use 1 at least"))
	}
	if window < time.Millisecond || window > math.MaxInt64/2 {
		faults = append(faults, fmt.Errorf("bearergate: a budget cannot have the window %v; use a millisecond to 146 years", window))
	}
	if len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	return &MemoryLimiter{limit: requests, window: window, made: time.Now(), seed: maphash.MakeSeed()}, nil
}

var (
	errLimiterClosed = errors.New("bearergate: the limiter is closed")
	errLimiterUnmade = errors.New("bearergate: PerMinute or PerWindow did not return the MemoryLimiter; look at their error")
)

// Take implements [Limiter].
func (m *MemoryLimiter) Take(_ context.Context, key string) (Quota, error) {
	return m.take(key, time.Now())
}

// take is Take at a time that the caller has read from the clock.
func (m *MemoryLimiter) take(key string, now time.Time) (Quota, error) {
	switch {
	case m.limit == 0:
		return Quota{}, errLimiterUnmade
	case m.closed.Load():
		return Quota{}, errLimiterClosed
	}
	at := now.Sub(m.made)
	m.sweep(at)
	q := Quota{Limit: m.limit, Window: m.window}
	shard := &m.shards[maphash.String(m.seed, key)%limiterShards]
	var left time.Duration
	q.Remaining, left, q.Allowed = shard.take(key, at, m.limit, m.window)
	q.Reset = now.Add(left)
	return q, nil
}

// sweep lets the next shard forget keys, if it is due. All are swept once in a window,
// at most once a second, by the requests of that time: each waits for one part.
func (m *MemoryLimiter) sweep(now time.Duration) {
	due := m.sweepAt.Load()
	if now < time.Duration(due) {
		return
	}
	next := now + max(m.window, time.Second)/limiterShards
	if m.sweepAt.CompareAndSwap(due, int64(next)) {
		m.shards[m.swept.Add(1)%limiterShards].sweep(now, m.window)
	}
}

// Close makes Take return an error. It always returns nil. A limiter that is not used
// any more need not be closed.
func (m *MemoryLimiter) Close() error {
	m.closed.Store(true)
	return nil
}
