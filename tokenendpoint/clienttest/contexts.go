package clienttest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/bearergate/bearergate"
)

// survivesCancellation calls Client with contexts that end before, during and after
// the call.
func (s *suite) survivesCancellation() {
	want := client("app-1")
	s.put(want)
	for n := range 50 {
		ctx, cancel := context.WithTimeout(s.Context(), time.Duration(n)*5*time.Microsecond)
		got, err := s.stores[0].Client(ctx, want.ID)
		cancel()
		switch {
		case errors.Is(err, bearergate.ErrInvalidClient):
			s.Errorf("with a cancelled context: got %v, want the client or any other error", err)
		case err == nil:
			s.isSame(got, want)
		}
	}
}

func (s *suite) isSafeForConcurrentUse() {
	for i := range 10 {
		s.put(client(fmt.Sprint("app-", i)))
	}
	var running sync.WaitGroup
	for i := range 40 {
		running.Go(func() {
			s.has(client(fmt.Sprint("app-", i%10)))
			s.hasNot(fmt.Sprint("unknown-", i))
			if err := s.tryPut(client(fmt.Sprint("app-", i))); err != nil {
				s.Errorf("putting a client: got the error %v, want none", err)
			}
		})
	}
	running.Wait()
}
