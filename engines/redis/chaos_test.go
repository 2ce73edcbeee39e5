package redis_test

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/bearergate/bearergate/engines/chaos"
	"github.com/bearergate/bearergate/engines/servers"
	"github.com/bearergate/bearergate/redisstore"
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

// TestBadLinkLosesNothing cuts, holds and slows the connections to Redis.
func TestBadLinkLosesNothing(t *testing.T) {
	proxy := servers.NewProxy(t, servers.NewRedis(t).Addr)
	l := disturbed(t, newClient(t, proxy.Addr), chaos.Duration(t), chaos.BadLink(proxy))
	if l.Any() {
		t.Errorf("got the losses %+v, want none", l)
	}
}

// TestFullMemoryLosesNothing lets Redis have no memory for a while, again and again.
func TestFullMemoryLosesNothing(t *testing.T) {
	server := servers.NewRedis(t)
	admin := newClient(t, server.Addr)
	memory := func(limit string) {
		if err := admin.ConfigSet(t.Context(), "maxmemory", limit).Err(); err != nil {
			t.Error(err)
		}
		time.Sleep(300 * time.Millisecond)
	}
	l := disturbed(t, newClient(t, server.Addr), chaos.Duration(t), func() {
		memory("1")
		memory("0")
	})
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

// TestReplicaThatIsBehindLoses is the control of the test with a Cluster: the master
// is killed while its replica is stopped. It loses some of the data, or all of it if the
// replica had just begun to copy.
func TestReplicaThatIsBehindLoses(t *testing.T) {
	cluster := servers.NewRedisCluster(t)
	client := newClusterClient(t, cluster.Addrs())
	c := redisstore.Config{Prefix: newPrefix()}
	if err := redisstore.Setup(t.Context(), client, c); err != nil {
		t.Fatal(err)
	}
	const rounds = 5
	found := &lossOfAll{TB: t}
	for range rounds {
		losses := chaos.Run(found, newStore(t, client, c).Codes(), time.Second, killAheadOfReplica(t, cluster, client, c.Prefix))
		if losses.Any() || found.lost.Load() || t.Failed() {
			return
		}
	}
	t.Errorf("got no losses in %d rounds, want some", rounds)
}

// lossOfAll takes the errors of a store that has lost all for no failure of the test.
type lossOfAll struct {
	testing.TB
	lost atomic.Bool
}

func (l *lossOfAll) Errorf(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if strings.Contains(text, "Redis lost its data") {
		l.lost.Store(true)
		return
	}
	l.TB.Error(text)
}

// killAheadOfReplica returns a function that stops the replica of the prefix's master,
// kills the master a little later, and returns when the replica has replaced it.
func killAheadOfReplica(t *testing.T, cluster *servers.RedisCluster, client *redis.ClusterClient, prefix string) func() {
	return func() {
		client.ReloadState(t.Context())
		master, err := client.MasterForKey(t.Context(), "{"+prefix+"}")
		if err != nil {
			t.Error(err)
			return
		}
		killed := cluster.Node(master.Options().Addr)
		replica := cluster.ReplicaOf(killed)
		if err := replica.Stop(); err != nil {
			t.Error(err)
		}
		// What waits in the buffers of their connection would reach the replica later.
		if err := master.ClientKillByFilter(t.Context(), "TYPE", "replica").Err(); err != nil {
			t.Error(err)
		}
		time.Sleep(700 * time.Millisecond)
		killed.Kill()
		if err := replica.Continue(); err != nil {
			t.Error(err)
		}
		await(t, "the replica becomes a master", replica.IsMaster)
		if err := killed.Start(); err != nil {
			t.Error(err)
		}
		await(t, "the killed master becomes a replica", func() bool { return cluster.ReplicaOf(replica) == killed })
	}
}

// await waits until a Cluster has elected a master or copied its data.
func await(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for began := time.Now(); !holds(); time.Sleep(50 * time.Millisecond) {
		if time.Since(began) > 30*time.Second {
			t.Fatalf("got no success in 30 s, want that %s", what)
		}
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
