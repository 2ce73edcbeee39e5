package storetest

import (
	"context"
	"fmt"
	"time"

	"github.com/bearergate/bearergate/tokenendpoint"
)

// whileCancelled calls do with contexts that end before, during and after its
// calls.
func (s *suite) whileCancelled(do func(ctx context.Context, family string)) {
	for n := range 50 {
		ctx, cancel := context.WithTimeout(s.Context(), time.Duration(n)*5*time.Microsecond)
		do(ctx, fmt.Sprint("family-", n))
		cancel()
	}
}

func (s *suite) consumesCompletelyOrNotAtAll() {
	s.whileCancelled(func(ctx context.Context, family string) {
		code, first := s.save(s.code(family)), s.token(family)
		outcome, err := s.store.Consume(ctx, code, s.now, first)
		used := s.hasCode(code).Used
		s.hasToken(first.Sum, used)
		s.tookEffect("Consume", outcome, err, used)
	})
}

func (s *suite) rotatesCompletelyOrNotAtAll() {
	s.whileCancelled(func(ctx context.Context, family string) {
		_, first := s.begin(family)
		successor := s.token(family)
		_, outcome, err := s.store.Rotate(ctx, first.Sum, s.now, [32]byte{1}, *successor)
		retired := !s.hasToken(first.Sum, true).RetiredAt.IsZero()
		s.hasToken(successor.Sum, retired)
		s.tookEffect("Rotate", outcome, err, retired)
	})
}

func (s *suite) tookEffect(method string, outcome tokenendpoint.Outcome, err error, done bool) {
	s.Helper()
	if err == nil && (outcome != tokenendpoint.Fresh || !done) {
		s.Errorf("%s with a cancelled context: got %v without an error, took effect: %v; want Fresh and its effect, or an error", method, outcome, done)
	}
}
