package granttest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/bearergate/bearergate"
)

// survivesCancellation calls Grant with contexts that end before, during and after
// the call.
func (s *suite) survivesCancellation() {
	want := grant("grant-1")
	s.put(want)
	for n := range 50 {
		ctx, cancel := context.WithTimeout(s.Context(), time.Duration(n)*5*time.Microsecond)
		got, err := s.store.Grant(ctx, want.ID)
		cancel()
		switch {
		case errors.Is(err, bearergate.ErrGrantNotFound):
			s.Errorf("with a cancelled context: got %v, want the grant or any other error", err)
		case err == nil:
			s.isSame(got, want)
		}
	}
}

func (s *suite) isSafeForConcurrentUse() {
	for i := range 10 {
		s.put(grant(fmt.Sprint("grant-", i)))
	}
	var running sync.WaitGroup
	for i := range 100 {
		running.Go(func() {
			s.has(grant(fmt.Sprint("grant-", i%10)))
			s.hasNot(fmt.Sprint("unknown-", i))
			if err := s.tryPut(grant(fmt.Sprint("grant-", i))); err != nil {
				s.Errorf("putting a grant: got the error %v, want none", err)
			}
		})
	}
	running.Wait()
}
