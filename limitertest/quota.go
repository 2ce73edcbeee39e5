package limitertest

import (
	"time"

	"github.com/bearergate/bearergate"
)

// tolerance is how far the clocks of the limiter and of this process may differ.
const tolerance = 50 * time.Millisecond

func (s *suite) returnsQuota() {
	for left := s.limit; left > 0; left-- {
		began := time.Now()
		s.isQuota(s.passes("key"), left-1, began)
	}
	for range 2 {
		began := time.Now()
		s.isQuota(s.isRefused("key"), 0, began)
	}
}

func (s *suite) isQuota(q bearergate.Quota, remaining uint64, began time.Time) {
	s.Helper()
	if q.Limit != s.limit || q.Remaining != remaining {
		s.Errorf("got Limit %d and Remaining %d, want %d and %d", q.Limit, q.Remaining, s.limit, remaining)
	}
	if q.Window != 0 && q.Window != s.window {
		s.Errorf("got the Window %v, want %v, or 0", q.Window, s.window)
	}
	s.isReset(q, began)
}

func (s *suite) isReset(q bearergate.Quota, began time.Time) {
	s.Helper()
	earliest, latest := began.Add(-tolerance), time.Now().Add(s.window+tolerance)
	if q.Reset.Before(earliest) || q.Reset.After(latest) {
		s.Errorf("got Reset %v, want it from %v to %v", q.Reset, earliest, latest)
	}
}

// restores uses up the budget, waits until it is restored, and uses it up again.
func (s *suite) restores() {
	refused := s.useUp()
	time.Sleep(min(time.Until(refused.Reset), s.window) + tolerance)
	s.useUp()
}

// useUp takes requests until one is refused, and returns the quota of that. It tests
// that the first is allowed, and no more than the budgets of two windows: one may end
// meanwhile.
func (s *suite) useUp() bearergate.Quota {
	s.Helper()
	s.passes("key")
	for range 2 * s.limit {
		began := time.Now()
		if q := s.take("key"); !q.Allowed {
			s.isReset(q, began)
			return q
		}
	}
	s.Fatalf("got %d requests Allowed without a pause, want at most %d in two windows", 2*s.limit+1, 2*s.limit)
	panic("unreachable")
}
