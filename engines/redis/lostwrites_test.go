package redis_test

import (
	"testing"
	"time"

	"github.com/bearergate/bearergate/redisstore"
)

// TestLostWritesGiveBackNoMoreThanWasLost puts an older state of a budget back, as a
// failover does.
func TestLostWritesGiveBackNoMoreThanWasLost(t *testing.T) {
	c, prefix := newClient(t, sharedRedis(t).Addr), newPrefix()
	l := newLimiter(t, c, prefix, 10, time.Hour, redisstore.WithoutLeases())
	for range 3 {
		take(t, l, "key")
	}
	state, err := c.Dump(t.Context(), prefix+"key").Result()
	fatal(t, err)
	for range 3 {
		take(t, l, "key")
	}
	fatal(t, c.RestoreReplace(t.Context(), prefix+"key", time.Hour, state).Err())
	if got := useUp(t, l, "key"); got != 7 {
		t.Errorf("got %d requests Allowed after 3 of 6 were lost, want 7", got)
	}
}
