package opaquetest

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/bearergate/bearergate"
)

// whileCancelled calls do with contexts that end before, during and after its
// calls.
func (s *suite) whileCancelled(do func(ctx context.Context, sum [32]byte)) {
	for n := range 50 {
		ctx, cancel := context.WithTimeout(s.Context(), time.Duration(n)*5*time.Microsecond)
		do(ctx, [32]byte{byte(n)})
		cancel()
	}
}

func (s *suite) lookupSurvivesCancellation() {
	s.whileCancelled(func(ctx context.Context, sum [32]byte) {
		s.saves(sum, s.claims())
		got, err := s.other.Lookup(ctx, sum)
		switch {
		case errors.Is(err, bearergate.ErrInvalidToken):
			s.Errorf("lookup with a cancelled context: got %v, want the claims or any other error", err)
		case err == nil:
			s.isSame(got, s.claims())
		}
	})
}

func (s *suite) saveSurvivesCancellation() {
	s.whileCancelled(func(ctx context.Context, sum [32]byte) {
		if err := s.store.Save(ctx, sum, s.claims()); err == nil {
			s.finds(sum, s.claims())
		}
	})
}

func (s *suite) isSafeForConcurrentUse() {
	var running sync.WaitGroup
	for i := range 20 {
		running.Go(func() {
			for n := range 10 {
				sum, claims := [32]byte{byte(i), byte(n)}, s.claims()
				claims.Subject = string(rune('a' + i))
				if err := s.store.Save(s.Context(), sum, claims); err != nil {
					s.Errorf("save: got the error %v, want none", err)
					return
				}
				got, err := s.other.Lookup(s.Context(), sum)
				if err != nil {
					s.Errorf("lookup: got the error %v, want the claims", err)
					return
				}
				s.isSame(got, claims)
			}
		})
	}
	running.Wait()
}
