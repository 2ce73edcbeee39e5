package bearergate

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/sethvargo/go-limiter"
	"github.com/sethvargo/go-limiter/memorystore"
)

// DefaultRequestsPerMinute is the documented limit of an installation, for
// [PerMinute].
const DefaultRequestsPerMinute = 1000

// MemoryLimiter is a [Limiter] in memory. [PerMinute] and [PerWindow] return one; the
// zero value is not usable. It runs one goroutine until it is closed. It is safe for
// concurrent use.
type MemoryLimiter struct {
	store  limiter.Store
	window time.Duration
}

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
// A key costs about 200 bytes, and is forgotten two to three windows after its last
// one began. The number of keys is not bounded.
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
	store, err := memorystore.New(&memorystore.Config{
		Tokens:        requests,
		Interval:      window,
		SweepInterval: max(window, time.Second),
		SweepMinTTL:   2 * window,
	})
	if err != nil {
		return nil, fmt.Errorf("bearergate: %w", err)
	}
	return &MemoryLimiter{store, window}, nil
}

// Take implements [Limiter].
func (m *MemoryLimiter) Take(_ context.Context, key string) (Quota, error) {
	return m.take(key, time.Now())
}

func (m *MemoryLimiter) take(key string, _ time.Time) (Quota, error) {
	q, err := takeFrom(context.Background(), m.store, key)
	q.Window = m.window
	return q, err
}

// Close ends the limiter's goroutine. Take then returns an error. Close always
// returns nil.
func (m *MemoryLimiter) Close() error { return m.store.Close(context.Background()) }
