package storetest

import (
	"time"

	"github.com/bearergate/bearergate/tokenendpoint"
)

func (s *suite) reportsExpiredCodes() {
	code, first := s.code("family"), s.token("family")
	sum := s.save(code)
	s.consumes(sum, code.ExpiresAt, first, tokenendpoint.Expired)
	s.hasToken(first.Sum, false)
	s.consumes(sum, code.ExpiresAt.Add(-time.Microsecond), first, tokenendpoint.Fresh)
}

func (s *suite) reportsExpiredRefreshTokens() {
	_, first := s.begin("family")
	successor := s.token("family")
	s.rotates(first.Sum, first.ExpiresAt, successor, tokenendpoint.Expired)
	s.hasToken(successor.Sum, false)
	if living := s.hasToken(first.Sum, true); !living.RetiredAt.IsZero() {
		s.Errorf("got an expired token retired at %v, want it as it was", living.RetiredAt)
	}
	s.rotates(first.Sum, first.ExpiresAt.Add(-time.Microsecond), successor, tokenendpoint.Fresh)
}
