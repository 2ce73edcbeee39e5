package redisstore

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/bearergate/bearergate"
)

// maxCall is how long a call of Redis lasts at most.
const maxCall = 5 * time.Second

// waiter is a request that waits for Redis.
type waiter struct {
	deadline time.Time
	settled  chan struct{} // closed when quota and err are set
	left     bool          // its context ended before
	ends     time.Duration // of the lease that it was counted in
	quota    bearergate.Quota
	err      error
}

// ask waits until Redis has decided or ctx ends.
func (l *Limiter) ask(ctx context.Context, s *shard, key string) (bearergate.Quota, error) {
	if ctx.Err() != nil {
		return bearergate.Quota{}, lateError(ctx)
	}
	w := &waiter{deadline: time.Now().Add(maxCall), settled: make(chan struct{})}
	if deadline, ok := ctx.Deadline(); ok && deadline.Before(w.deadline) {
		w.deadline = deadline
	}
	k := l.enqueue(s, key, w)
	select {
	case <-w.settled:
		return w.quota, w.err
	case <-ctx.Done():
		l.leave(s, k, w)
		return bearergate.Quota{}, lateError(ctx)
	}
}

func lateError(ctx context.Context) error {
	return fmt.Errorf("redisstore: the budget was not asked in time: %w", context.Cause(ctx))
}

func (l *Limiter) enqueue(s *shard, key string, w *waiter) *lease {
	s.mu.Lock()
	defer s.mu.Unlock()
	k := s.lease(key, l.now(), l.window)
	k.waiting = append(k.waiting, w)
	if !k.asking {
		k.asking = true
		go l.refill(s, key, k)
	}
	return k
}

// leave removes a waiter whose context ended. If it was counted already, another
// request may use its place.
func (l *Limiter) leave(s *shard, k *lease, w *waiter) {
	s.mu.Lock()
	defer s.mu.Unlock()
	w.left = true
	if i := slices.Index(k.waiting, w); i >= 0 {
		k.waiting = slices.Delete(k.waiting, i, i+1)
	}
	if w.quota.Allowed && w.ends == k.ends {
		k.left++
	}
}

// refill asks Redis until nobody waits. There is one at a time for each key, and it
// asks for all requests that wait.
func (l *Limiter) refill(s *shard, key string, k *lease) {
	for {
		call, served := l.nextCall(s, key, k)
		if len(served) == 0 {
			return
		}
		answer, err := l.call(call)
		s.mu.Lock()
		if err == nil {
			l.renew(k, call, answer)
		}
		l.settle(k, served, err)
		s.mu.Unlock()
	}
}

func (l *Limiter) nextCall(s *shard, key string, k *lease) (leaseCall, []*waiter) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := l.now()
	l.serve(k, now)
	served := k.waiting
	k.waiting = nil
	if len(served) == 0 {
		k.asking = false
		return leaseCall{}, nil
	}
	k.grow(now, l.window, l.most)
	call := leaseCall{key: key, number: l.calls.Add(1), answered: k.answered, need: uint64(len(served)), more: k.size - 1}
	for _, w := range served {
		if w.deadline.After(call.deadline) {
			call.deadline = w.deadline
		}
	}
	return call, served
}

// renew puts an answer into the lease.
func (l *Limiter) renew(k *lease, call leaseCall, a leaseAnswer) {
	k.answered = call.number
	k.left, k.rest = a.given, a.rest
	k.ends = a.sent.Sub(l.began) + a.ttl - time.Millisecond
	k.reset = a.received.Add(a.ttl + time.Millisecond)
	k.resetsAt = k.reset.Sub(l.began)
}

// settle answers those who were asked for.
func (l *Limiter) settle(k *lease, served []*waiter, err error) {
	for _, w := range served {
		switch {
		case w.left:
			continue
		case err != nil:
			w.err = err
		case k.left > 0: // counted in Redis, so the lease need not last
			k.left--
			w.quota, w.ends = l.quota(k, true), k.ends
		default:
			w.quota = l.quota(k, false)
		}
		close(w.settled)
	}
}

// serve answers those who wait, as long as memory decides.
func (l *Limiter) serve(k *lease, now time.Duration) {
	for len(k.waiting) > 0 {
		allowed, ok := k.decide(now)
		if !ok {
			return
		}
		w := k.waiting[0]
		k.waiting = k.waiting[1:]
		w.quota, w.ends = l.quota(k, allowed), k.ends
		close(w.settled)
	}
}
