package servers

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// Redis is a Redis server. It writes an append-only file that is flushed to the disk
// every second, and no snapshots.
type Redis struct {
	Process
	// Addr is its address.
	Addr string
}

// StartRedis starts a Redis server with these settings in addition, such as
// "--appendonly", "no". [Redis.Close] ends it.
func StartRedis(settings ...string) (*Redis, error) {
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "redis-")
	if err != nil {
		return nil, fmt.Errorf("servers: %w", err)
	}
	command := append([]string{
		"redis-server", "--port", strconv.Itoa(port), "--bind", "127.0.0.1", "--dir", dir,
		"--appendonly", "yes", "--appendfsync", "everysec", "--save", "",
	}, settings...)
	r := &Redis{Process: Process{Dir: dir, command: command}, Addr: fmt.Sprintf("127.0.0.1:%d", port)}
	if err := r.Start(); err != nil {
		os.RemoveAll(dir)
		return nil, err
	}
	return r, nil
}

// NewRedis is [StartRedis] for one test.
func NewRedis(t testing.TB, settings ...string) *Redis {
	t.Helper()
	Need(t, "redis-server", "redis-server")
	r, err := StartRedis(settings...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	return r
}

// Start starts the server and waits until it answers.
func (r *Redis) Start() error {
	if err := r.Process.Start(); err != nil {
		return err
	}
	if err := r.awaitReady(r.ping); err != nil {
		r.Kill()
		return err
	}
	return nil
}

// Empty removes the data of a server that was killed.
func (r *Redis) Empty() error { return os.RemoveAll(r.Dir + "/appendonlydir") }

// Close ends the server and removes its data.
func (r *Redis) Close() {
	r.Kill()
	os.RemoveAll(r.Dir)
}

func (r *Redis) ping() error {
	conn, err := net.Dial("tcp", r.Addr)
	if err != nil {
		return err // without a line in the log of go-redis
	}
	conn.Close()
	client := redis.NewClient(&redis.Options{Addr: r.Addr, MaxRetries: -1, DialerRetries: 1})
	defer client.Close()
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	return client.Ping(ctx).Err()
}

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
