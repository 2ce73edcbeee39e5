package storetest

import (
	"fmt"
	"sync"

	"github.com/bearergate/bearergate/tokenendpoint"
)

func (s *suite) revokesFamiliesOfGrant() {
	one, two := s.begin("one"), s.begin("two")
	two = s.next(two)
	s.replaces(two, true)
	others, othersFamily := s.ofAnotherGrant()
	s.must(s.store.RevokeGrant(s.Context(), "unknown"))
	s.hasFamily(one)
	for range 2 {
		s.must(s.store.RevokeGrant(s.Context(), grantID))
	}
	for _, gone := range []tokenendpoint.Family{one, two} {
		s.hasNoFamily(gone.Family)
		s.replaces(s.next(gone), false)
		s.hasNoFamily(gone.Family)
	}
	s.consumes(others, s.now, othersFamily, tokenendpoint.Fresh)
	s.hasFamily(othersFamily)
	s.must(s.store.RevokeGrant(s.Context(), grantID))
	s.hasFamily(othersFamily)
}

func (s *suite) revokesCodesOfGrant() {
	waiting, first := s.save(s.code()), s.family("family")
	others, othersFamily := s.ofAnotherGrant()
	s.must(s.store.RevokeGrant(s.Context(), grantID))
	s.consumes(waiting, s.now, first, tokenendpoint.Unknown)
	s.hasNoFamily(first.Family)
	s.consumes(others, s.now, othersFamily, tokenendpoint.Fresh)
}

func (s *suite) letsGrantBeginAgain() {
	s.begin("family")
	s.must(s.store.RevokeGrant(s.Context(), grantID))
	s.hasFamily(s.begin("again"))
}

// ofAnotherGrant stores a code of another grant and returns it with a family for it.
func (s *suite) ofAnotherGrant() (tokenendpoint.Sum, tokenendpoint.Family) {
	code, first := s.code(), s.family("others")
	code.GrantID, first.GrantID = "another grant", "another grant"
	return s.save(code), first
}

// leavesNothingLiving consumes codes and replaces families while their grant is
// revoked.
func (s *suite) leavesNothingLiving() {
	for n := range 50 {
		family := s.begin(fmt.Sprint("family-", n))
		code, first, next := s.save(s.code()), s.family(fmt.Sprint("first-", n)), s.next(family)
		s.atOnce(
			func() error { return s.handle(n).RevokeGrant(s.Context(), grantID) },
			func() { s.store.ReplaceFamily(s.Context(), next) },
			func() { s.other.Consume(s.Context(), code, s.now, first) },
		)
		s.hasNoFamily(family.Family)
		s.hasNoFamily(first.Family)
	}
}

func (s *suite) atOnce(revoke func() error, others ...func()) {
	var running sync.WaitGroup
	for _, do := range others {
		running.Go(do)
	}
	running.Go(func() {
		if err := revoke(); err != nil {
			s.Errorf("got the error %v, want none", err)
		}
	})
	running.Wait()
}
