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

// patience is how long a call may take effect after it returned an error.
const patience = time.Second

// until waits until done reports true, and returns what it reported last.
func (s *suite) until(done func() bool) bool {
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		if done() {
			return true
		}
	}
	return done()
}

// consumesCompletelyOrNotAtAll waits until the code and the family agree: a call that
// failed may take effect between the two reads.
func (s *suite) consumesCompletelyOrNotAtAll() {
	s.whileCancelled(func(ctx context.Context, id string) {
		code, first := s.save(s.code()), s.family(id)
		outcome, err := s.store.Consume(ctx, code, s.now, first)
		var used, found bool
		if !s.until(func() bool { used, found = s.hasCode(code).Used, s.knowsFamily(id); return used == found }) {
			s.Fatalf("after Consume with a cancelled context: got a code with Used %v and found its family %v, want both or none", used, found)
		}
		if used {
			s.hasFamily(first)
		}
		s.tookEffect("Consume", outcome == tokenendpoint.Fresh, err, used)
	})
}

func (s *suite) knowsFamily(id string) bool {
	s.Helper()
	_, found, err := s.other.Family(s.Context(), id)
	s.must(err)
	return found
}

func (s *suite) knowsCode(sum tokenendpoint.Sum) bool {
	s.Helper()
	_, found, err := s.other.Code(s.Context(), sum)
	s.must(err)
	return found
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

// reportsNothingUndone tests the methods that report success by no error alone. A
// revocation that failed may take effect while the next ones are tested, so each is of
// another grant.
func (s *suite) reportsNothingUndone() {
	s.whileCancelled(func(ctx context.Context, id string) {
		code, first := s.ofGrant("grant of "+id, id)
		sum := s.sum()
		if err := s.store.SaveCode(ctx, sum, code); err == nil {
			s.hasCode(sum)
		}
		s.consumes(s.save(code), s.now, first, tokenendpoint.Fresh)
		if err := s.store.RevokeGrant(ctx, code.GrantID); err == nil {
			s.hasNoFamily(id)
		}
	})
}

func (s *suite) reportsNothingUnknown() {
	code, family := s.save(s.code()), s.begin("family")
	s.whileCancelled(func(ctx context.Context, _ string) {
		if _, found, err := s.store.Code(ctx, code); err == nil && !found {
			s.Errorf("Code with a cancelled context: got no code and no error, want one of them")
		}
		if _, found, err := s.store.Family(ctx, family.FamilyID); err == nil && !found {
			s.Errorf("Family with a cancelled context: got no family and no error, want one of them")
		}
	})
}

func (s *suite) tookEffect(method string, reported bool, err error, done bool) {
	s.Helper()
	if err == nil && !(reported && done) {
		s.Errorf("%s with a cancelled context: got no error, reported as done: %v, took effect: %v; want both, or an error", method, reported, done)
	}
}
