package connectiontest

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/bearergate/bearergate/client"
)

func (s *suite) lockHasOneHolder() {
	s.unlockedCanBeLocked() // otherwise the rest would never end
	var holders [2]atomic.Int32
	var all sync.WaitGroup
	for n := range 100 {
		all.Go(func() {
			id := n % 2
			unlock, err := s.handle(n/2).Lock(s.Context(), fmt.Sprint(id))
			if err != nil {
				s.Errorf("Lock: got error %v, want none", err)
				return
			}
			defer unlock()
			if got := holders[id].Add(1); got > 1 {
				s.Errorf("holders of a lock: got %d, want 1", got)
			}
			time.Sleep(time.Millisecond)
			holders[id].Add(-1)
		})
	}
	all.Wait()
}

func (s *suite) waitingEndsWithContext() {
	defer s.lock("a")()
	ctx, cancel := context.WithTimeout(s.Context(), 20*time.Millisecond)
	defer cancel()
	answer := make(chan error, 1)
	go func() {
		_, err := s.other.Lock(ctx, "a")
		answer <- err
	}()
	select {
	case err := <-answer:
		if err == nil {
			s.Error("Lock of an id that stays locked: got no error, want one when the context ends")
		}
	case <-time.After(patience):
		s.Error("Lock of an id that stays locked: got no answer, want an error when the context ends")
	}
}

func (s *suite) idsHaveLocksOfTheirOwn() {
	defer s.lock("a")()
	defer s.lock("b")()
}

func (s *suite) unlockedCanBeLocked() {
	s.lock("a")()
	s.lock("a")()
}

// lockedCanBeSaved locks many connections and then saves them: a lock that holds a
// connection of a pool leaves none.
func (s *suite) lockedCanBeSaved() {
	for n := range concurrent {
		defer s.lock(fmt.Sprint(n))()
	}
	ctx, cancel := context.WithTimeout(s.Context(), patience)
	defer cancel()
	for n := range concurrent {
		if err := client.SaveConnection(ctx, s.handle(n), fmt.Sprint(n), client.Connection{RefreshToken: "refresh"}); err != nil {
			s.Fatalf("SaveConnection of a locked connection: got error %v, want none", err)
		}
	}
}

// patience is how long a test waits for a free lock.
const patience = 2 * time.Second

// lock locks id. It ends the test if the lock is not acquired.
func (s *suite) lock(id string) (unlock func()) {
	s.Helper()
	ctx, cancel := context.WithTimeout(s.Context(), patience)
	release, err := s.store.Lock(ctx, id)
	if err != nil {
		cancel()
		s.Fatalf("Lock(%q), which is free: got error %v, want none", id, err)
	}
	return func() { release(); cancel() }
}
