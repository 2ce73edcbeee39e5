package storetest

import (
	"time"

	"github.com/bearergate/bearergate/tokenendpoint"
)

func (s *suite) reportsExpiredCodes() {
	code, first := s.code(), s.family("family")
	sum := s.save(code)
	s.consumes(sum, code.ExpiresAt, first, tokenendpoint.Expired)
	s.hasNoFamily(first.Family)
	s.consumes(sum, code.ExpiresAt.Add(-time.Microsecond), first, tokenendpoint.Fresh)
}
