package redisstore

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"hash/maphash"
	"math"
	"sync/atomic"
	"time"

	"github.com/bearergate/bearergate"
	"github.com/redis/go-redis/v9"
)

// Limiter is a [bearergate.Limiter] whose budgets all processes share that use the
// same Redis and the same prefix. [NewLimiter] returns one; the zero value is not
// usable. It is safe for concurrent use.
//
// The windows of a key are fixed and start with its first request, as those of
// [bearergate.PerWindow]. In a window, all processes together pass as many requests
// as the budget has, and never more.
//
// A process leases a part of a key's budget in advance, so that most requests cost no
// round trip. A lease is 1 request at first, and grows while it is used up quickly.
// All processes together hold at most 5 % of the budget. If the demand moves from one
// process to another, the last 5 % may stay unused in a window: no request is refused
// before 95 % of the budget were passed. A refusal is remembered until the window
// ends. [WithoutLeases] gives up the memory for the last 5 %.
//
// Quota.Remaining is what the budget had when the process asked last, less what this
// process used since.
//
// If Redis does not answer before the context ends, Take returns an error; requests
// that find a lease pass meanwhile. The requests of a call that failed are returned
// to the budget by the next call. If Redis lost its data, the budgets are full again.
//
// A key costs Redis about 200 bytes until its window ends, and 20 more for each further
// process. It costs each process that uses it about 300 bytes. The number of keys is
// not bounded.
type Limiter struct {
	client   redis.UniversalClient
	prefix   string
	process  string // the name of this Limiter among all others
	requests uint64
	most     uint64 // requests that may be leased in advance
	window   time.Duration

	began  time.Time
	calls  atomic.Uint64
	seed   maphash.Seed
	shards [shards]shard
}

// LimiterOption is a setting of [NewLimiter].
type LimiterOption func(*Limiter)

// WithoutLeases makes the limiter ask Redis for every request that is not refused
// from memory. Requests of one key that arrive while it asks share the next round
// trip.
func WithoutLeases() LimiterOption { return func(l *Limiter) { l.most = 0 } }

// NewLimiter returns a limiter with a budget of this many requests in each window,
// for each key. The keys in Redis are the prefix followed by the key, so limiters
// that count apart need prefixes of their own. If the budget is changed, a window
// that has begun counts on.
//
// It returns an error if the client has an option that would break a promise: see the
// package comment. It returns one too if the prefix is empty, if requests is 0 or more
// than 2^53, or if the window is shorter than a millisecond or longer than 146 years.
func NewLimiter(client redis.UniversalClient, prefix string, requests uint64, window time.Duration, opts ...LimiterOption) (*Limiter, error) {
	faults := []error{checkClient(client)}
	fault := func(format string, args ...any) {
		faults = append(faults, fmt.Errorf("redisstore: "+format, args...))
	}
	if prefix == "" {
		fault("a limiter needs a prefix for its keys, such as %q", "budget:")
	}
	if requests == 0 || requests > maxInteger {
		fault("a budget cannot have %d requests; use 1 to 2^53", requests)
	}
	if window < time.Millisecond || window > math.MaxInt64/2 {
		fault("a budget cannot have the window %v; use a millisecond to 146 years", window)
	}
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	l := &Limiter{
		client: client, prefix: prefix, process: processName(), requests: requests, most: requests / 20, window: window,
		began: time.Now(), seed: maphash.MakeSeed(),
	}
	for _, set := range opts {
		if set == nil {
			panic("redisstore: NewLimiter was given a LimiterOption that is nil; leave it out")
		}
		set(l)
	}
	return l, nil
}

// maxInteger is the largest integer up to which Lua counts exactly.
const maxInteger = 1 << 53

func processName() string {
	name := make([]byte, 8)
	rand.Read(name) // never fails
	return string(name)
}

// Take implements [bearergate.Limiter]. It answers from memory if it can, and does
// not look at ctx then.
func (l *Limiter) Take(ctx context.Context, key string) (bearergate.Quota, error) {
	s := &l.shards[maphash.String(l.seed, key)%shards]
	now := l.now()
	s.mu.Lock()
	if k := s.leases[key]; k != nil {
		if allowed, ok := k.decide(now); ok {
			q := l.quota(k, allowed)
			s.mu.Unlock()
			return q, nil
		}
	}
	s.mu.Unlock()
	return l.ask(ctx, s, key)
}

func (l *Limiter) now() time.Duration { return time.Since(l.began) }

func (l *Limiter) quota(k *lease, allowed bool) bearergate.Quota {
	return bearergate.Quota{Limit: l.requests, Remaining: k.left + k.rest, Reset: k.reset, Window: l.window, Allowed: allowed}
}
