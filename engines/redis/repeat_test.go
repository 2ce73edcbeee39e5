package redis_test

import (
	"context"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/bearergate/bearergate/client"
	"github.com/bearergate/bearergate/redisstore"
	"github.com/bearergate/bearergate/tokenendpoint"
)

// repeats sends each command twice, as a client does that lost the first answer.
type repeats struct{}

func (repeats) DialHook(next redis.DialHook) redis.DialHook { return next }

func (repeats) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func (repeats) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		next(ctx, cmd)
		return next(ctx, cmd)
	}
}

// Rules: S7.65.
func TestCallsThatTheClientRepeatsTakeEffectOnce(t *testing.T) {
	c := newClient(t, sharedRedis(t).Addr)
	c.AddHook(repeats{})
	store := newStores(t, c)[0]
	codes, connections := store.Codes(), store.Connections(newKey(t))

	sum, family := saveCode(t, codes, "grant"), newFamily("family", "grant")
	if got, err := codes.Consume(t.Context(), sum, time.Now(), family); got != tokenendpoint.Fresh {
		t.Errorf("Consume: got %v, %v, want Fresh", got, err)
	}
	if got, err := codes.Consume(t.Context(), sum, time.Now(), family); got != tokenendpoint.Used {
		t.Errorf("Consume by another call: got %v, %v, want Used", got, err)
	}
	family.Version++
	if got, err := codes.ReplaceFamily(t.Context(), family); !got {
		t.Errorf("ReplaceFamily: got %v, %v, want true", got, err)
	}
	if got, err := codes.ReplaceFamily(t.Context(), family); got {
		t.Errorf("ReplaceFamily by another call: got %v, %v, want false", got, err)
	}
	saveConnection(t, connections, "id", client.Connection{Revision: 1})
	lockConnection(t, connections, "id")()
	lockConnection(t, connections, "id")()

	l := newLimiter(t, c, newPrefix(), 1000, time.Hour)
	if got := useUp(t, l, "key"); got != 1000 {
		t.Errorf("got %d requests Allowed, want 1000", got)
	}
}

// TestLateCallCountsNothing runs an old call again after newer ones.
func TestLateCallCountsNothing(t *testing.T) {
	c := newClient(t, sharedRedis(t).Addr)
	late := new(replays)
	c.AddHook(late)
	l := newLimiter(t, c, newPrefix(), 1000, time.Hour, redisstore.WithoutLeases())
	allowed := 0
	for take(t, l, "key").Allowed {
		allowed++
	}
	if allowed != 1000 || late.errors < 900 {
		t.Errorf("got %d requests Allowed and %d late calls refused, want 1000 and most", allowed, late.errors)
	}
}

// replays sends the command before the last one again after each.
type replays struct {
	last   []any
	errors int
}

func (*replays) DialHook(next redis.DialHook) redis.DialHook { return next }

func (*replays) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func (r *replays) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		err := next(ctx, cmd)
		if r.last != nil {
			if next(ctx, redis.NewCmd(ctx, r.last...)) != nil {
				r.errors++
			}
		}
		r.last = cmd.Args()
		return err
	}
}
