package bearergate

import (
	"testing"
	"time"
)

// TestRequestThatWasOvertakenWaitsNoLongerThanAWindow is of a request that read the clock
// before the one that began the window.
func TestRequestThatWasOvertakenWaitsNoLongerThanAWindow(t *testing.T) {
	var s limiterShard
	s.take("key", 10, 1, time.Minute)
	remaining, left, allowed := s.take("key", 9, 1, time.Minute)
	if remaining != 0 || left != time.Minute || allowed {
		t.Errorf("got %d, %v, %v, want 0, %v, false", remaining, left, allowed, time.Minute)
	}
}
