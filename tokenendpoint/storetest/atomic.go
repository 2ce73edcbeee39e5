package storetest

import (
	"context"
	"fmt"
	"time"

	"github.com/bearergate/bearergate/tokenendpoint"
)

// whileCancelled calls do with contexts that end before, during and after its
// calls.
func (s *suite) whileCancelled(do func(ctx context.Context, id string)) {
	for n := range 50 {
		ctx, cancel := context.WithTimeout(s.Context(), time.Duration(n)*5*time.Microsecond)
		do(ctx, fmt.Sprint("family-", n))
		cancel()
	}
}

func (s *suite) consumesCompletelyOrNotAtAll() {
	s.whileCancelled(func(ctx context.Context, id string) {
		code, first := s.save(s.code()), s.family(id)
		outcome, err := s.store.Consume(ctx, code, s.now, first)
		used := s.settles(code, id)
		if used {
			s.hasFamily(first)
		} else {
			s.hasNoFamily(id)
		}
		s.tookEffect("Consume", outcome == tokenendpoint.Fresh, err, used)
	})
}

// settles waits until the code is used and the family is there, or neither: a call
// that was cancelled may still run. After a second it fails. It reports whether the
// code is used.
func (s *suite) settles(code tokenendpoint.Sum, family string) (used bool) {
	s.Helper()
	for range 1000 {
		used = s.hasCode(code).Used
		_, found, err := s.other.Family(s.Context(), family)
		s.must(err)
		if used == found {
			return used
		}
		time.Sleep(time.Millisecond)
	}
	s.Errorf("a second after Consume: got a used code or its family, want both or neither")
	return used
}

func (s *suite) replacesCompletelyOrNotAtAll() {
	s.whileCancelled(func(ctx context.Context, id string) {
		before := s.begin(id)
		after := s.next(before)
		replaced, err := s.store.ReplaceFamily(ctx, after)
		now, _, familyErr := s.other.Family(s.Context(), id)
		s.must(familyErr)
		done := now.Version == after.Version
		if done {
			s.isSame(now, after)
		} else {
			s.isSame(now, before)
		}
		s.tookEffect("ReplaceFamily", replaced, err, done)
	})
}

func (s *suite) tookEffect(method string, reported bool, err error, done bool) {
	s.Helper()
	if err == nil && !(reported && done) {
		s.Errorf("%s with a cancelled context: got no error, reported as done: %v, took effect: %v; want both, or an error", method, reported, done)
	}
}
