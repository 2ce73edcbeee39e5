package redis_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/bearergate/bearergate/engines/servers"
	"github.com/bearergate/bearergate/redisstore"
	"github.com/bearergate/bearergate/tokenendpoint"
)

// chaosTime is how long a server is disturbed. Set CHAOS=60s for longer.
func chaosTime(t *testing.T) time.Duration {
	t.Helper()
	text := os.Getenv("CHAOS")
	if text == "" {
		return 10 * time.Second
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// fact is what Redis acknowledged of one authorization. A call that failed is
// unknown: it may have been done, or be done later.
type fact struct {
	code    tokenendpoint.Sum
	family  string
	grant   string
	version int64 // that the family has at least
	revoked bool
	unsure  bool // a revocation failed
}

// chaos lets workers use codes and rotate families while a server is disturbed.
type chaos struct {
	store    tokenendpoint.Store
	end      time.Time
	mu       sync.Mutex
	facts    []fact
	twice    atomic.Int64 // redeemed or replaced twice
	late     atomic.Int64 // calls beyond their deadline
	failures atomic.Int64
	number   atomic.Int64
}

// call calls do with a deadline.
func (c *chaos) call(do func(ctx context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.Background(), 500*time.Millisecond)
	defer cancel()
	began := time.Now()
	err := do(ctx)
	if time.Since(began) > 1500*time.Millisecond {
		c.late.Add(1)
	}
	if err != nil {
		c.failures.Add(1)
		time.Sleep(time.Millisecond)
	}
	return err
}

// until repeats a call that reads, until it succeeds.
func (c *chaos) until(do func(ctx context.Context) error) {
	for began := time.Now(); c.call(do) != nil; time.Sleep(10 * time.Millisecond) {
		if time.Since(began) > 30*time.Second {
			panic("Redis does not recover")
		}
	}
}

func (c *chaos) work() {
	for time.Now().Before(c.end) {
		if f, ok := c.authorize(); ok {
			c.mu.Lock()
			c.facts = append(c.facts, f)
			c.mu.Unlock()
		}
	}
}

// authorize saves a code, redeems it by three calls at once, and rotates its family.
func (c *chaos) authorize() (fact, bool) {
	f := fact{code: newSum(), grant: fmt.Sprint("grant-", c.number.Add(1))}
	if c.call(func(ctx context.Context) error { return c.store.SaveCode(ctx, f.code, newCode(f.grant)) }) != nil {
		return f, false
	}
	if !c.redeem(&f) {
		return f, false
	}
	for range 3 {
		c.rotate(&f)
	}
	if c.number.Load()%4 == 0 {
		err := c.call(func(ctx context.Context) error { return c.store.RevokeGrant(ctx, f.grant) })
		f.revoked, f.unsure = err == nil, err != nil
	}
	return f, true
}

func (c *chaos) redeem(f *fact) bool {
	var fresh atomic.Int64
	atOnce(3, func(n int) {
		family := newFamily(fmt.Sprint(f.grant, " family ", n), f.grant)
		for range 3 {
			var outcome tokenendpoint.Outcome
			err := c.call(func(ctx context.Context) (err error) {
				outcome, err = c.store.Consume(ctx, f.code, time.Now(), family)
				return err
			})
			if err == nil && outcome == tokenendpoint.Fresh {
				fresh.Add(1)
			}
			if err == nil {
				return
			}
		}
	})
	if fresh.Load() > 1 {
		c.twice.Add(1)
	}
	var code tokenendpoint.AuthorizationCode
	c.until(func(ctx context.Context) (err error) { code, _, err = c.store.Code(ctx, f.code); return err })
	f.family, f.version = code.FamilyID, 1
	return code.Used
}

func (c *chaos) rotate(f *fact) {
	family := c.read(f)
	if family.FamilyID == "" {
		return
	}
	var replaced atomic.Int64
	atOnce(2, func(int) {
		next := family
		next.Version++
		next.Token = newSum()
		var ok bool
		err := c.call(func(ctx context.Context) (err error) { ok, err = c.store.ReplaceFamily(ctx, next); return err })
		if err == nil && ok {
			replaced.Add(1)
		}
	})
	if replaced.Load() > 1 {
		c.twice.Add(1)
	}
	if replaced.Load() > 0 {
		f.version = family.Version + 1
	}
}

func (c *chaos) read(f *fact) (family tokenendpoint.Family) {
	c.until(func(ctx context.Context) (err error) { family, _, err = c.store.Family(ctx, f.family); return err })
	return family
}

func atOnce(n int, do func(n int)) {
	var running sync.WaitGroup
	for i := range n {
		running.Go(func() { do(i) })
	}
	running.Wait()
}

// losses are the facts that Redis forgot.
type losses struct {
	redeemable, retired, revoked, lost int // codes, tokens, families, connections
}

func (l losses) any() bool { return l != losses{} }

func (c *chaos) check() (l losses) {
	for _, f := range c.facts {
		family := c.read(&f)
		var code tokenendpoint.AuthorizationCode
		var found bool
		c.until(func(ctx context.Context) (err error) { code, found, err = c.store.Code(ctx, f.code); return err })
		switch {
		case found && !code.Used:
			l.redeemable++
		case f.revoked && (found || family.FamilyID != ""):
			l.revoked++
		case f.revoked || f.unsure:
		case family.FamilyID == "":
			l.lost++
		case family.Version < f.version:
			l.retired++
		}
	}
	return l
}

// disturbed lets 16 workers use the store while the server is disturbed, and returns
// what was lost.
func disturbed(t *testing.T, store *redisstore.Store, duration time.Duration, disturb func()) losses {
	t.Helper()
	c := &chaos{store: store.Codes(), end: time.Now().Add(duration)}
	var running sync.WaitGroup
	for range 16 {
		running.Go(c.work)
	}
	disturbances := 0
	for ; time.Now().Before(c.end); disturbances++ {
		time.Sleep(300*time.Millisecond + rand.N(1500*time.Millisecond))
		disturb()
	}
	running.Wait()
	l := c.check()
	t.Logf("%d disturbances, %d authorizations, %d failed calls, %d late: %+v", disturbances, len(c.facts), c.failures.Load(), c.late.Load(), l)
	if c.twice.Load() > 0 || c.late.Load() > 0 || len(c.facts) < 100 {
		t.Errorf("got %d codes or versions used twice, %d calls beyond their deadline and %d authorizations, want none, none and many", c.twice.Load(), c.late.Load(), len(c.facts))
	}
	return l
}

func kill(t *testing.T, server *servers.Redis) {
	server.Kill()
	time.Sleep(rand.N(100 * time.Millisecond))
	if err := server.Start(); err != nil {
		t.Error(err)
	}
}

func suspend(t *testing.T, server *servers.Redis) {
	if err := server.Stop(); err != nil {
		t.Error(err)
	}
	time.Sleep(rand.N(time.Second))
	if err := server.Continue(); err != nil {
		t.Error(err)
	}
}

// TestAppendOnlyFileLosesNothing holds for "appendfsync always".
func TestAppendOnlyFileLosesNothing(t *testing.T) {
	server := servers.NewRedis(t, "--appendfsync", "always")
	l := disturbed(t, newStores(t, newClient(t, server.Addr))[0], chaosTime(t), func() {
		if rand.N(4) == 0 {
			suspend(t, server)
		} else {
			kill(t, server)
		}
	})
	if l.any() {
		t.Errorf("got the losses %+v, want none", l)
	}
}

// TestFlushEverySecondLosesTwoSecondsAtMost holds for "appendfsync everysec": while
// Redis flushes, it answers before it writes.
func TestFlushEverySecondLosesTwoSecondsAtMost(t *testing.T) {
	server := servers.NewRedis(t, "--appendfsync", "everysec")
	l := disturbed(t, newStores(t, newClient(t, server.Addr))[0], 2*time.Second, func() {})
	if l.any() {
		t.Errorf("got the losses %+v before the server was killed, want none", l)
	}
	l = disturbed(t, newStores(t, newClient(t, server.Addr))[0], 2*time.Second, func() {
		time.Sleep(4 * time.Second) // the workers end, and 2 seconds pass
		kill(t, server)
	})
	if l.any() {
		t.Errorf("got the losses %+v, want none after two seconds", l)
	}
}

// TestSnapshotsLose is the control: the test above would find losses out.
func TestSnapshotsLose(t *testing.T) {
	server := servers.NewRedis(t, "--appendonly", "no", "--save", "1 1")
	client := newClient(t, server.Addr)
	store := newStores(t, client)[0]
	if err := client.Save(t.Context()).Err(); err != nil { // the marker is not lost
		t.Fatal(err)
	}
	l := disturbed(t, store, chaosTime(t), func() { kill(t, server) })
	if !l.any() {
		t.Error("got no losses with snapshots alone, want some")
	}
}

// TestFailoverLosesNothing hands the slot over again and again. The replica has
// everything then.
func TestFailoverLosesNothing(t *testing.T) {
	cluster := sharedCluster(t)
	l := disturbed(t, newStores(t, newClusterClient(t, cluster.Addrs()))[0], chaosTime(t), func() { failOver(t, cluster) })
	if l.any() {
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
