package redis_test

import (
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/bearergate/bearergate/engines/histories"
	"github.com/bearergate/bearergate/engines/races"
)

// Rules: S7.61.
func TestNothingLivesBehindARevocation(t *testing.T) {
	onBoth(t, func(t *testing.T, connect func(testing.TB) redis.UniversalClient) {
		stores := newStores(t, connect(t), connect(t))
		one, other := stores[0].Codes(), stores[1].Codes()
		if alive := races.Alive(t, races.Count(t), one, other, other.RevokeGrant); alive != 0 {
			t.Errorf("after %d races: got %d living families, want 0", races.Count(t), alive)
		}
	})
}

// Rules: S7.61.
func TestHistoriesAreLinearizable(t *testing.T) {
	onBoth(t, func(t *testing.T, connect func(testing.TB) redis.UniversalClient) {
		stores := newStores(t, connect(t), connect(t))
		if bad := histories.Bad(t, histories.Count(t, 200), stores[0].Codes(), stores[1].Codes()); bad != 0 {
			t.Errorf("got %d histories that are not linearizable, want none", bad)
		}
	})
}
