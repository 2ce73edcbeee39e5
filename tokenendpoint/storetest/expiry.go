package storetest

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/bearergate/bearergate/tokenendpoint"
)

func (s *suite) reportsExpiredCodes() {
	code, first := s.code(), s.family("family")
	sum := s.save(code)
	s.consumes(sum, code.ExpiresAt, first, tokenendpoint.Expired)
	s.hasNoFamily(first.FamilyID)
	s.consumes(sum, code.ExpiresAt.Add(-time.Microsecond), first, tokenendpoint.Fresh)
}

// cleaner is a store that removes expired codes and families on demand.
type cleaner interface {
	Clean(ctx context.Context) error
}

// keepsWhatIsUsed stores expired codes and families and removes them, while a family is
// replaced again and again. Nothing else is removed, also not the family whose
// token expired, nor the code that was used.
func (s *suite) keepsWhatIsUsed() {
	family, unused, used := s.begin("family"), s.save(s.code()), s.save(s.code())
	old := s.family("old")
	old.TokenExpiresAt = s.now.Add(-time.Hour)
	s.consumes(used, s.now, old, tokenendpoint.Fresh)
	var running sync.WaitGroup
	running.Go(s.storeExpired)
	for range 50 {
		family = s.next(family)
		s.replaces(family, true)
	}
	running.Wait()
	if store, ok := s.store.(cleaner); ok {
		s.must(store.Clean(s.Context()))
	}
	s.hasFamily(family)
	s.hasFamily(old)
	if code := s.hasCode(used); !code.Used || code.FamilyID != old.FamilyID {
		s.Errorf("got a consumed code with Used %v and FamilyID %q, want true and %q", code.Used, code.FamilyID, old.FamilyID)
	}
	s.consumes(unused, s.now, s.family("another"), tokenendpoint.Fresh)
}

// storeExpired stores codes and families that have expired.
func (s *suite) storeExpired() {
	code, family := s.code(), tokenendpoint.Family{Authorization: authorization(""), Version: 1}
	code.ExpiresAt, family.ExpiresAt = s.now.Add(-time.Minute), s.now.Add(-time.Minute)
	for n := range 100 {
		sum := tokenendpoint.Sum{31: byte(n)}
		family.FamilyID, family.Token = fmt.Sprint("expired-", n), tokenendpoint.Sum{30: byte(n)}
		err := s.other.SaveCode(s.Context(), sum, code)
		if err == nil {
			_, err = s.other.Consume(s.Context(), sum, code.ExpiresAt.Add(-time.Second), family)
		}
		if store, ok := s.other.(cleaner); ok && err == nil {
			err = store.Clean(s.Context())
		}
		if err != nil {
			s.Errorf("got the error %v, want none", err)
		}
	}
}
