package outages

import (
	"context"
	"sync"
	"time"

	"github.com/bearergate/bearergate"
)

// budget is a limiter on the clock of the bubble. PerMinute reads another clock.
type budget struct {
	limit uint64

	mu      sync.Mutex
	windows map[string]*window
}

type window struct {
	used uint64
	ends time.Time
}

func perMinute(limit uint64) *budget { return &budget{limit: limit, windows: make(map[string]*window)} }

func (b *budget) Take(_ context.Context, key string) (bearergate.Quota, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	current := b.windows[key]
	if current == nil || !time.Now().Before(current.ends) {
		current = &window{ends: time.Now().Add(time.Minute)}
		b.windows[key] = current
	}
	q := bearergate.Quota{Limit: b.limit, Reset: current.ends, Window: time.Minute, Allowed: current.used < b.limit}
	if q.Allowed {
		current.used++
	}
	q.Remaining = b.limit - current.used
	return q, nil
}

// shared is a limiter in a store that can fail.
type shared struct {
	*fault
	*budget
}

func (s shared) Take(ctx context.Context, key string) (bearergate.Quota, error) {
	if err := s.call(ctx, redisAddress); err != nil {
		return bearergate.Quota{}, err
	}
	return s.budget.Take(ctx, key)
}
