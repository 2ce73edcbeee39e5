package servers

import (
	"context"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"
)

// RedisCluster is a Redis Cluster of three masters with a replica each.
type RedisCluster struct {
	Nodes []*Redis
}

// StartRedisCluster starts a Redis Cluster. [RedisCluster.Close] ends it.
func StartRedisCluster() (*RedisCluster, error) {
	c := new(RedisCluster)
	for range 6 {
		node, err := StartRedis("--cluster-enabled", "yes", "--cluster-node-timeout", "2000", "--repl-diskless-sync-delay", "0")
		if err != nil {
			c.Close()
			return nil, err
		}
		c.Nodes = append(c.Nodes, node)
	}
	if err := c.join(); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// NewRedisCluster is [StartRedisCluster] for one test.
func NewRedisCluster(t testing.TB) *RedisCluster {
	t.Helper()
	NeedRedisCluster(t)
	c, err := StartRedisCluster()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// NeedRedisCluster is [Need] of a Redis Cluster.
func NeedRedisCluster(t testing.TB) {
	t.Helper()
	Need(t, "redis-server", "redis-server")
	Need(t, "redis-cli", "redis-tools")
}

// Addrs returns the addresses of the nodes.
func (c *RedisCluster) Addrs() []string {
	var addrs []string
	for _, node := range c.Nodes {
		addrs = append(addrs, node.Addr)
	}
	return addrs
}

// Close ends all nodes and removes their data.
func (c *RedisCluster) Close() {
	for _, node := range c.Nodes {
		node.Close()
	}
}

func (c *RedisCluster) join() error {
	args := slices.Concat([]string{"--cluster", "create"}, c.Addrs(), []string{"--cluster-replicas", "1", "--cluster-yes"})
	if out, err := exec.Command("redis-cli", args...).CombinedOutput(); err != nil {
		return fmt.Errorf("servers: redis-cli --cluster create: %w: %s", err, out)
	}
	for _, node := range c.Nodes {
		if err := node.awaitReady(node.isInCluster); err != nil {
			return err
		}
	}
	return nil
}

// Node returns the node with this address.
func (c *RedisCluster) Node(addr string) *Redis {
	return c.find(func(node *Redis) bool { return node.Addr == addr })
}

// ReplicaOf returns the replica that has followed the master to its present state,
// and nil if there is none.
func (c *RedisCluster) ReplicaOf(master *Redis) *Redis {
	_, port, _ := strings.Cut(master.Addr, ":")
	return c.find(func(node *Redis) bool {
		state := node.replication()
		return strings.Contains(state, "master_port:"+port+"\r") && strings.Contains(state, "master_link_status:up")
	})
}

func (c *RedisCluster) find(is func(*Redis) bool) *Redis {
	if i := slices.IndexFunc(c.Nodes, is); i >= 0 {
		return c.Nodes[i]
	}
	return nil
}

// IsMaster reports whether the server is a master.
func (r *Redis) IsMaster() bool { return strings.Contains(r.replication(), "role:master") }

// replication returns what the server says of its replication, and nothing if it does
// not answer.
func (r *Redis) replication() string {
	client := redis.NewClient(&redis.Options{Addr: r.Addr, MaxRetries: -1})
	defer client.Close()
	return client.Info(context.Background(), "replication").Val()
}

// isInCluster returns an error unless the node knows six nodes, and follows its
// master if it is a replica.
func (r *Redis) isInCluster() error {
	client := redis.NewClient(&redis.Options{Addr: r.Addr})
	defer client.Close()
	state, err := client.ClusterInfo(context.Background()).Result()
	if err != nil {
		return err
	}
	replication, err := client.Info(context.Background(), "replication").Result()
	if err != nil {
		return err
	}
	for _, want := range []string{"cluster_state:ok", "cluster_known_nodes:6"} {
		if !strings.Contains(state, want) {
			return fmt.Errorf("got %s, want %s", state, want)
		}
	}
	if !strings.Contains(replication, "master_link_status:up") && !strings.Contains(replication, "connected_slaves:1") {
		return fmt.Errorf("got %s, want a replica that follows its master", replication)
	}
	return nil
}
