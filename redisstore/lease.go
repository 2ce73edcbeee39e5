package redisstore

import (
	"sync"
	"time"
)

// lease is what this process knows of a key's budget, and the part that it may use.
// Times count from the start of the Limiter, by the monotonic clock.
type lease struct {
	left uint64        // requests that may pass until ends
	ends time.Duration // not after the window ends in Redis
	rest uint64        // what nobody had leased at the last answer

	reset    time.Time     // not before the window ends in Redis
	resetsAt time.Duration // the same

	answered uint64 // the number of the last call that was answered
	asked    time.Duration
	size     uint64 // of the next lease

	asking  bool
	waiting []*waiter
}

// decide uses a request of the lease, or refuses it. It reports false for ok if only
// Redis can decide.
func (k *lease) decide(now time.Duration) (allowed, ok bool) {
	switch {
	case k.left > 0 && now < k.ends:
		k.left--
		return true, true
	case k.rest == 0 && now < k.resetsAt:
		k.left = 0
		return false, true
	}
	return false, false
}

// grow sets the size of the next lease: twice the last one if that was used up
// within 1/60 of the window, and half of it after four times that.
func (k *lease) grow(now, window time.Duration, most uint64) {
	switch used := now - k.asked; {
	case k.size == 0:
		k.size = 1
	case used < window/60:
		k.size *= 2
	case used > window/15:
		k.size /= 2
	}
	k.size, k.asked = min(max(k.size, 1), most+1), now
}

// over reports whether nothing of the lease counts any more.
func (k *lease) over(now time.Duration) bool { return !k.asking && now >= k.resetsAt }

// shards is how many parts the leases have, each with a lock of its own.
const shards = 64

type shard struct {
	mu      sync.Mutex
	leases  map[string]*lease
	sweepAt int
	swept   time.Duration
}

// lease returns the lease of key, perhaps a new one. The shard is locked.
func (s *shard) lease(key string, now, window time.Duration) *lease {
	if k, ok := s.leases[key]; ok {
		return k
	}
	if s.leases == nil {
		s.leases = make(map[string]*lease)
	}
	if len(s.leases) >= s.sweepAt || now-s.swept > window {
		s.sweep(now)
	}
	k := new(lease)
	s.leases[key] = k
	return k
}

// sweep removes the leases whose window is over.
func (s *shard) sweep(now time.Duration) {
	for key, k := range s.leases {
		if k.over(now) {
			delete(s.leases, key)
		}
	}
	s.sweepAt, s.swept = 2*len(s.leases)+16, now
}
