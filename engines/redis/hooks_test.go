package redis_test

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// before is a hook that runs a function before each command, once it is on.
type before struct {
	on  atomic.Bool
	run func()
}

func (*before) DialHook(next redis.DialHook) redis.DialHook { return next }

func (*before) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func (b *before) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if b.on.Load() {
			b.run()
		}
		return next(ctx, cmd)
	}
}

func TestUnlockWaitsASecondAtMostAndUnlocksLater(t *testing.T) {
	c, slow := newClient(t, sharedRedis(t).Addr), &before{run: func() { time.Sleep(1500 * time.Millisecond) }}
	c.AddHook(slow)
	stores := newStores(t, c, newClient(t, sharedRedis(t).Addr))
	unlock := lockConnection(t, stores[0].Connections(newKey(t)), "id")
	slow.on.Store(true)
	began := time.Now()
	unlock()
	if took := time.Since(began); took > 1400*time.Millisecond {
		t.Errorf("unlock: got a return after %v, want 1s", took)
	}
	lockConnection(t, stores[1].Connections(newKey(t)), "id")()
}

func TestPanicOfAHookIsAnError(t *testing.T) {
	c, faulty := newClient(t, sharedRedis(t).Addr), &before{run: func() { panic("a hook's fault") }}
	c.AddHook(faulty)
	store := newStores(t, c)[0]
	faulty.on.Store(true)
	_, lockErr := store.Connections(newKey(t)).Lock(t.Context(), "id")
	_, _, codeErr := store.Codes().Code(t.Context(), newSum())
	_, takeErr := newLimiter(t, c, newPrefix(), 10, time.Hour).Take(t.Context(), "key")
	for name, err := range map[string]error{"Lock": lockErr, "Code": codeErr, "Take": takeErr} {
		if err == nil || !strings.Contains(err.Error(), "a hook's fault") {
			t.Errorf("%s: got the error %v, want one with the panic", name, err)
		}
	}
}
