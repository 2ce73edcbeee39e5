package redisstore

import (
	"context"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
)

// listener handles the events of one connection.
type listener struct {
	caches       []Cache
	subscription *redis.PubSub
	subscribed   bool
	proven       time.Time            // when the last PONG arrived
	sent         map[string]time.Time // the PINGs that are not answered, by their payload
	pings        int
}

// ping asks for a proof.
func (l *listener) ping(ctx context.Context) bool {
	l.pings++
	payload := strconv.Itoa(l.pings)
	l.sent[payload] = time.Now()
	return l.subscription.Ping(ctx, payload) == nil
}

// handle reports whether the connection can be used further.
func (l *listener) handle(ctx context.Context, event any) bool {
	switch e := event.(type) {
	case *redis.Subscription:
		return l.begin(ctx, e.Kind)
	case *redis.Message:
		for _, c := range l.caches {
			c.Forget(e.Payload)
		}
		return true
	case *redis.Pong:
		return l.prove(e.Payload)
	}
	return false
}

// begin is called when Redis has subscribed the connection, or has ended that, as it
// does if a slot moves.
func (l *listener) begin(ctx context.Context, kind string) bool {
	if l.subscribed || kind != "subscribe" && kind != "ssubscribe" {
		return false
	}
	l.subscribed = true
	for _, c := range l.caches {
		c.ForgetAll()
	}
	return l.ping(ctx)
}

func (l *listener) prove(payload string) bool {
	at, ok := l.sent[payload]
	if !ok {
		return false
	}
	delete(l.sent, payload)
	l.proven = time.Now()
	for _, c := range l.caches {
		c.Alive(at)
	}
	return true
}
