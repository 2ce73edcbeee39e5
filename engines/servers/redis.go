package servers

import (
	"context"
	"fmt"
	"net"
	"os"
	"strconv"
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
