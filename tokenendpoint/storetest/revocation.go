package storetest

import (
	"fmt"
	"sync"
	"time"

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
		s.hasNoFamily(gone.FamilyID)
		s.replaces(s.next(gone), false)
		s.hasNoFamily(gone.FamilyID)
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
	s.hasNoFamily(first.FamilyID)
	s.consumes(others, s.now, othersFamily, tokenendpoint.Fresh)
}

func (s *suite) letsGrantBeginAgain() {
	s.begin("family")
	s.must(s.store.RevokeGrant(s.Context(), grantID))
	s.hasFamily(s.begin("again"))
}

// ofAnotherGrant stores a code of another grant and returns it with a family for it.
func (s *suite) ofAnotherGrant() (tokenendpoint.Sum, tokenendpoint.Family) {
	code, first := s.ofGrant("another grant", "others")
	return s.save(code), first
}

// ofGrant returns a code of a grant, and a first family for it.
func (s *suite) ofGrant(grant, family string) (tokenendpoint.AuthorizationCode, tokenendpoint.Family) {
	code, first := s.code(), s.family(family)
	code.GrantID, first.GrantID = grant, grant
	return code, first
}

// revokesAtOnce looks for a code or a family that is still there after another one is
// gone.
func (s *suite) revokesAtOnce() {
	for round := range 20 {
		code, one, two := s.save(s.code()), s.begin(fmt.Sprint("one-", round)), s.begin(fmt.Sprint("two-", round))
		knows := []func() bool{
			func() bool { return s.knowsCode(code) },
			func() bool { return s.knowsFamily(one.FamilyID) },
			func() bool { return s.knowsFamily(two.FamilyID) },
		}
		revoked := make(chan error, 1)
		go func() { revoked <- s.store.RevokeGrant(s.Context(), grantID) }()
		for done := false; !done; {
			select {
			case err := <-revoked:
				s.must(err)
				done = true
			default:
			}
			for i := range knows {
				if !knows[i]() && knows[(i+1)%len(knows)]() {
					s.Fatalf("got a part of what a revoked grant had, want all of it or nothing")
				}
			}
		}
	}
}

// leavesNothingLiving consumes codes and replaces families while their grant is
// revoked.
func (s *suite) leavesNothingLiving() {
	for n := range 100 {
		family := s.begin(fmt.Sprint("family-", n))
		code, first, next := s.save(s.code()), s.family(fmt.Sprint("first-", n)), s.next(family)
		s.atOnce(
			time.Duration(n%20)*50*time.Microsecond, // so that it begins before, between and after the others
			func() error { return s.handle(n).RevokeGrant(s.Context(), grantID) },
			func() { s.store.ReplaceFamily(s.Context(), next) },
			func() { s.other.Consume(s.Context(), code, s.now, first) },
		)
		s.hasNoFamily(family.FamilyID)
		s.hasNoFamily(first.FamilyID)
	}
}

func (s *suite) atOnce(delay time.Duration, revoke func() error, others ...func()) {
	var running sync.WaitGroup
	for _, do := range others {
		running.Go(do)
	}
	running.Go(func() {
		time.Sleep(delay)
		if err := revoke(); err != nil {
			s.Errorf("got the error %v, want none", err)
		}
	})
	running.Wait()
}
