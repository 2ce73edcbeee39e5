package redis_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/bearergate/bearergate/engines/chaos"
	"github.com/bearergate/bearergate/engines/servers"
)

// disturbed lets workers use a new store while the server is disturbed, and returns
// what was lost.
func disturbed(t *testing.T, client redis.UniversalClient, duration time.Duration, disturb func()) chaos.Losses {
	t.Helper()
	return chaos.Run(t, newStores(t, client)[0].Codes(), duration, disturb)
}

// TestAppendOnlyFileLosesNothing holds for "appendfsync always".
func TestAppendOnlyFileLosesNothing(t *testing.T) {
	server := servers.NewRedis(t, "--appendfsync", "always")
	l := disturbed(t, newClient(t, server.Addr), chaos.Duration(t), chaos.KillOrStop(t, server))
	if l.Any() {
		t.Errorf("got the losses %+v, want none", l)
	}
}

// TestFlushEverySecondLosesTwoSecondsAtMost holds for "appendfsync everysec": while
// Redis flushes, it answers before it writes.
func TestFlushEverySecondLosesTwoSecondsAtMost(t *testing.T) {
	server := servers.NewRedis(t, "--appendfsync", "everysec")
	l := disturbed(t, newClient(t, server.Addr), 2*time.Second, func() { time.Sleep(2 * time.Second) })
	if l.Any() {
		t.Errorf("got the losses %+v before the server was killed, want none", l)
	}
	l = disturbed(t, newClient(t, server.Addr), 2*time.Second, func() {
		time.Sleep(4 * time.Second) // the workers end, and 2 seconds pass
		chaos.Kill(t, server)()
	})
	if l.Any() {
		t.Errorf("got the losses %+v, want none after two seconds", l)
	}
}

// TestSnapshotsLose is the control: the test above would find losses out. The first
// snapshot has the marker of the store, so that every fact can be read back.
func TestSnapshotsLose(t *testing.T) {
	server := servers.NewRedis(t, "--appendonly", "no", "--save", "1 1")
	client := newClient(t, server.Addr)
	store := newStores(t, client)[0].Codes()
	if err := client.Save(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	l := chaos.Run(t, store, chaos.Duration(t), chaos.Kill(t, server))
	if !l.Any() {
		t.Error("got no losses with snapshots alone, want some")
	}
}

// TestFailoverLosesNothing hands the slot over again and again. The replica has
// everything then.
func TestFailoverLosesNothing(t *testing.T) {
	cluster := sharedCluster(t)
	l := disturbed(t, newClusterClient(t, cluster.Addrs()), chaos.Duration(t), func() {
		time.Sleep(500 * time.Millisecond)
		failOver(t, cluster)
	})
	if l.Any() {
		t.Errorf("got the losses %+v, want none", l)
	}
	budget := newLimiter(t, newClusterClient(t, cluster.Addrs()), newPrefix(), 1000, time.Hour)
	allowed := 0
	for ; allowed < 500; allowed++ {
		take(t, budget, "key")
	}
	failOver(t, cluster)
	recovers(t, func() bool { q, err := budget.Take(t.Context(), "key"); allowed += passed(q, err); return err == nil })
	if allowed += useUp(t, budget, "key"); allowed > 1000 || allowed < 950 {
		t.Errorf("got %d requests Allowed, want 950 to 1000", allowed)
	}
}

// failOver makes a replica of each shard its master.
func failOver(t *testing.T, cluster *servers.RedisCluster) {
	t.Helper()
	for _, node := range cluster.Nodes {
		client := redis.NewClient(&redis.Options{Addr: node.Addr})
		defer client.Close()
		info := client.Info(context.Background(), "replication").Val()
		if !strings.Contains(info, "role:slave") || !strings.Contains(info, "master_link_status:up") {
			continue
		}
		if err := client.ClusterFailover(context.Background()).Err(); err != nil {
			t.Logf("CLUSTER FAILOVER: %v", err)
		}
		time.Sleep(200 * time.Millisecond)
	}
}
