package storetest

import (
	"fmt"
	"sync"

	"github.com/bearergate/bearergate/tokenendpoint"
)

func (s *suite) revokesFamily() {
	code, first := s.begin("family")
	second := s.rotate(first.Sum, "family")
	_, other := s.begin("other")
	for range 2 {
		s.must(s.store.RevokeFamily(s.Context(), "family"))
	}
	s.must(s.store.RevokeFamily(s.Context(), "unknown"))
	s.hasToken(first.Sum, false)
	s.hasToken(second.Sum, false)
	s.hasToken(other.Sum, true)
	s.rotates(second.Sum, s.now, s.token("family"), tokenendpoint.Unknown)
	if outcome, err := s.store.Consume(s.Context(), code, s.now, s.token("family")); outcome == tokenendpoint.Fresh || err != nil {
		s.Errorf("the code of a revoked family: got %v, %v, want it not to be Fresh again", outcome, err)
	}
}

func (s *suite) revokesTokensOfGrant() {
	_, first := s.begin("family")
	second := s.rotate(first.Sum, "family")
	others, othersToken := s.ofAnotherGrant()
	s.must(s.store.RevokeGrant(s.Context(), grantID))
	s.hasToken(first.Sum, false)
	s.hasToken(second.Sum, false)
	s.consumes(others, s.now, othersToken, tokenendpoint.Fresh)
	s.hasToken(othersToken.Sum, true)
}

func (s *suite) revokesCodesOfGrant() {
	waiting, first := s.save(s.code("family")), s.token("family")
	others, othersToken := s.ofAnotherGrant()
	s.must(s.store.RevokeGrant(s.Context(), grantID))
	s.consumes(waiting, s.now, first, tokenendpoint.Unknown)
	s.hasToken(first.Sum, false)
	s.consumes(others, s.now, othersToken, tokenendpoint.Fresh)
}

func (s *suite) letsGrantBeginAgain() {
	s.begin("family")
	s.must(s.store.RevokeGrant(s.Context(), grantID))
	_, first := s.begin("again")
	s.hasToken(first.Sum, true)
}

// ofAnotherGrant stores a code of another grant and returns it with a token for it.
func (s *suite) ofAnotherGrant() (tokenendpoint.Sum, *tokenendpoint.NewRefreshToken) {
	code, first := s.code("others"), s.token("others")
	code.GrantID, first.GrantID = "another grant", "another grant"
	return s.save(code), first
}

// leavesNothingLiving consumes codes and rotates tokens while they are revoked.
func (s *suite) leavesNothingLiving() {
	for n := range 50 {
		family := fmt.Sprint("family-", n)
		if n%2 == 0 {
			s.leavesNothingOfFamily(family)
		} else {
			s.leavesNothingOfGrant(family)
		}
	}
}

func (s *suite) leavesNothingOfFamily(family string) {
	s.Helper()
	_, first := s.begin(family)
	successor := s.token(family)
	s.atOnce(
		func() error { return s.store.RevokeFamily(s.Context(), family) },
		func() { s.store.Rotate(s.Context(), first.Sum, s.now, [32]byte{1}, *successor) },
	)
	s.hasToken(first.Sum, false)
	s.hasToken(successor.Sum, false)
}

func (s *suite) leavesNothingOfGrant(family string) {
	s.Helper()
	_, first := s.begin(family)
	code, successor, codesFirst := s.save(s.code(family+"-code")), s.token(family), s.token(family+"-code")
	s.atOnce(
		func() error { return s.store.RevokeGrant(s.Context(), grantID) },
		func() { s.store.Rotate(s.Context(), first.Sum, s.now, [32]byte{1}, *successor) },
		func() { s.store.Consume(s.Context(), code, s.now, codesFirst) },
	)
	s.hasToken(first.Sum, false)
	s.hasToken(successor.Sum, false)
	s.hasToken(codesFirst.Sum, false)
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
