package limitertest

import (
	"context"
	"time"

	"github.com/bearergate/bearergate"
)

// patience is how long a call of a limiter may last before it counts as hanging.
const patience = 2 * time.Second

// call takes one request. It fails the test if the limiter hangs.
func (s *suite) call(ctx context.Context, key string) (bearergate.Quota, error) {
	s.Helper()
	type answer struct {
		quota bearergate.Quota
		err   error
	}
	answers := make(chan answer, 1)
	go func() {
		q, err := s.limiter.Take(ctx, key)
		answers <- answer{q, err}
	}()
	select {
	case a := <-answers:
		return a.quota, a.err
	case <-time.After(patience):
		s.Fatalf("Take: got no answer in %v, want one", patience)
		panic("unreachable")
	}
}

func (s *suite) take(key string) bearergate.Quota {
	s.Helper()
	q, err := s.call(s.Context(), key)
	if err != nil {
		s.Fatalf("Take(%q): got the error %v, want none", key, err)
	}
	return q
}

func (s *suite) passes(key string) bearergate.Quota {
	s.Helper()
	q := s.take(key)
	if !q.Allowed {
		s.Errorf("Take(%q): got %+v, want it Allowed", key, q)
	}
	return q
}

func (s *suite) isRefused(key string) bearergate.Quota {
	s.Helper()
	q := s.take(key)
	if q.Allowed {
		s.Errorf("Take(%q): got %+v, want it refused", key, q)
	}
	return q
}
