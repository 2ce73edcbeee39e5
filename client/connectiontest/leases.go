package connectiontest

import (
	"context"
	"time"
)

// lockAfterCrash locks an id as a process does that crashes then, and again by another
// one. It returns how long that took, and the functions that unlock.
func (s *suite) lockAfterCrash(lease time.Duration) (waited time.Duration, unlockCrashed, unlock func()) {
	s.Helper()
	unlockCrashed = s.lock("a")
	began := time.Now()
	ctx, cancel := context.WithTimeout(s.Context(), lease+patience)
	defer cancel()
	unlock, err := s.other.Lock(ctx, "a")
	if err != nil {
		s.Fatalf("Lock of an id whose lock expires after %v: got error %v after %v, want none", lease, err, time.Since(began))
	}
	return time.Since(began), unlockCrashed, unlock
}

func (s *suite) lockExpires(lease time.Duration) {
	waited, _, unlock := s.lockAfterCrash(lease)
	defer unlock()
	if earliest := lease - lease/10; waited < earliest {
		s.Errorf("got a lock that expired after %v, want it after %v", waited, lease)
	}
}

func (s *suite) lateUnlockDoesNothing(lease time.Duration) {
	_, unlockCrashed, unlock := s.lockAfterCrash(lease)
	defer unlock()
	unlockCrashed()
	ctx, cancel := context.WithTimeout(s.Context(), lease/4)
	defer cancel()
	if again, err := s.store.Lock(ctx, "a"); err == nil {
		again()
		s.Errorf("got the lock that another holds after a late unlock, want an error when the context ends")
	}
}
