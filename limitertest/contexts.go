package limitertest

import (
	"context"
	"fmt"
	"time"
)

// doesNotRefuseDeadContext takes from full budgets with contexts that have ended.
func (s *suite) doesNotRefuseDeadContext() {
	dead, cancel := context.WithCancel(s.Context())
	cancel()
	late, cancel := context.WithDeadline(s.Context(), time.Now().Add(-time.Second))
	defer cancel()
	for _, ctx := range []context.Context{dead, late} {
		key := fmt.Sprint("key of ", ctx.Err())
		if q, err := s.call(ctx, key); err == nil && !q.Allowed {
			s.Errorf("with a context that has ended: got %+v, want it Allowed, or an error", q)
		}
	}
}

// countsUnderCancellation takes twice the budget with contexts that end before the
// call, and then takes with contexts that end during or after the call.
func (s *suite) countsUnderCancellation() {
	var passed uint64
	before := 2 * int(s.limit)
	for n := range 2 * before {
		ctx, cancel := context.WithTimeout(s.Context(), time.Duration(n-before)*5*time.Microsecond)
		if q, err := s.call(ctx, "key"); err == nil && q.Allowed {
			passed++
		}
		cancel()
	}
	for range s.limit {
		if s.take("key").Allowed {
			passed++
		}
	}
	if passed > s.limit {
		s.Errorf("got %d requests Allowed, want at most %d", passed, s.limit)
	}
	s.isRefused("key")
}
