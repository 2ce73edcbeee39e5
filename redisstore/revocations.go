package redisstore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
)

// Cache is a cache that forgets what was revoked, such as a
// bearergate.CachedGrants. Its methods return at once.
type Cache interface {
	// Forget drops the entry of this id.
	Forget(id string)
	// ForgetAll drops all entries.
	ForgetAll()
	// Alive reports that all revocations that were published before this time have
	// arrived.
	Alive(at time.Time)
}

// Revocations carries revocations to the caches of all processes, by a channel of
// Redis. [NewRevocations] returns one; the zero value is not usable. It is safe for
// concurrent use.
type Revocations struct {
	client  redis.UniversalClient
	channel string
	sharded bool
}

// NewRevocations returns the revocations of a channel, such as "grants". All caches of
// a channel receive all ids that are published on it. It returns an error if the
// client has an option that would break a promise, or if the channel is empty.
func NewRevocations(client redis.UniversalClient, channel string) (*Revocations, error) {
	faults := []error{checkClient(client)}
	if channel == "" {
		faults = append(faults, fmt.Errorf("redisstore: revocations need a channel, such as %q", "grants"))
	}
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	_, cluster := client.(interface{ Options() *redis.ClusterOptions })
	return &Revocations{client, channel, cluster}, nil
}

// publishTimeout bounds how long a user waits for Publish, whose revocation has taken
// effect.
const publishTimeout = time.Second

// Publish sends the id of a revoked grant to all caches. Call it after the revocation
// was stored. Since the revocation has taken effect by then, ctx should not end with
// the request: use [context.WithoutCancel]. Publish ends after 1 second, if ctx has no
// earlier deadline. If it fails, the caches find the revocation out when the entry is
// too old, and the call can be repeated.
func (r *Revocations) Publish(ctx context.Context, id string) error {
	ctx, cancel := context.WithTimeout(ctx, publishTimeout)
	defer cancel()
	publish := r.client.Publish
	if r.sharded {
		publish = r.client.SPublish
	}
	return wrap("publishing a revocation", publish(ctx, r.channel, id).Err())
}

const (
	// pingEvery is how often the connection of the subscription is asked for a proof.
	pingEvery = 500 * time.Millisecond
	// silence is how long the connection may give none before it is replaced.
	silence = 3 * time.Second
	// longestPause is the longest pause before another connection is tried. It also is
	// how long a connection has to work before the next pause is short again.
	longestPause = time.Second
)

// Run passes revocations to the caches until ctx ends, and then returns its cause. It
// subscribes again whenever the connection is lost.
//
// Twice a second it sends a PING on the connection of the subscription. Redis answers
// in order, so the answer proves that all earlier revocations have arrived, and the
// caches receive the time of the PING by Alive. If the connection is cut or hangs,
// there is no such proof. After each subscription the caches forget everything, since
// what was published before is lost.
//
// On a Cluster the channel is a sharded one, and its connection is to the master of
// its slot. In a Cluster or with Sentinel, a former master that still answers after a
// failover may give proofs that are worth nothing; then the age of the entries alone
// bounds how long a revocation goes unnoticed.
func (r *Revocations) Run(ctx context.Context, caches ...Cache) error {
	for pause := 10 * time.Millisecond; ; pause = min(2*pause, longestPause) {
		began := time.Now()
		if r.listen(ctx, caches) && time.Since(began) >= longestPause {
			pause = 10 * time.Millisecond
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(pause):
		}
	}
}

// listen reads one connection until it is lost, and reports whether it worked.
func (r *Revocations) listen(ctx context.Context, caches []Cache) (worked bool) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	l := &listener{caches: caches, subscription: r.subscribe(ctx), proven: time.Now(), sent: make(map[string]time.Time)}
	defer l.subscription.Close()
	events := make(chan any)
	go receive(ctx, l.subscription, events)
	tick := time.NewTicker(pingEvery)
	defer tick.Stop()
	for lives := true; lives; {
		select {
		case <-ctx.Done():
			lives = false
		case event, ok := <-events:
			lives = ok && l.handle(ctx, event)
		case <-tick.C:
			lives = time.Since(l.proven) <= silence && (!l.subscribed || l.ping(ctx))
		}
	}
	return l.subscribed
}

func (r *Revocations) subscribe(ctx context.Context) *redis.PubSub {
	if r.sharded {
		return r.client.SSubscribe(ctx, r.channel)
	}
	return r.client.Subscribe(ctx, r.channel)
}

// receive passes on what one connection receives. It ends with it: the client would
// open another one, which begins behind a gap.
func receive(ctx context.Context, s *redis.PubSub, events chan<- any) {
	defer close(events)
	for {
		event, err := s.Receive(ctx)
		if err != nil {
			return
		}
		select {
		case events <- event:
		case <-ctx.Done():
			return
		}
	}
}
