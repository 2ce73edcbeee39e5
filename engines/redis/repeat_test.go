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

// TestCallThatIsRepeatedLateCountsOnce repeats the last call of a limiter after its
// answer was used and another limiter took its part.
func TestCallThatIsRepeatedLateCountsOnce(t *testing.T) {
	c, sent, prefix := newClient(t, sharedRedis(t).Addr), new(records), newPrefix()
	raw, hooked := newClient(t, sharedRedis(t).Addr), newClient(t, sharedRedis(t).Addr)
	hooked.AddHook(sent)
	one, other := newLimiter(t, hooked, prefix, 1000, time.Hour), newLimiter(t, c, prefix, 1000, time.Hour)
	total := 0
	for range 300 {
		take(t, one, "key")
		take(t, other, "key")
		total += 2
		if err := raw.Do(t.Context(), sent.last...).Err(); err != nil {
			t.Fatal(err)
		}
	}
	if total += useUp(t, one, "key") + useUp(t, other, "key"); total > 1000 || total < 950 {
		t.Errorf("got %d requests Allowed, want 950 to 1000", total)
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
	last   []any // the last command
	errors int   // of commands that were sent again
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

// records keeps the last command.
type records struct{ last []any }

func (*records) DialHook(next redis.DialHook) redis.DialHook { return next }

func (*records) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func (r *records) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		err := next(ctx, cmd)
		r.last = cmd.Args()
		return err
	}
}
