package redisstore

import (
	"context"
	"time"
)

const (
	// lockLease is how long a lock outlives its holder: longer than a renewal lasts.
	lockLease = time.Minute
	// longestPoll is the longest pause before another process is found to have unlocked.
	longestPoll = 250 * time.Millisecond
	// unlockTimeout bounds how long unlock waits, which has no context.
	unlockTimeout = time.Second
)

// Lock implements [client.ConnectionStore]. The lock is a key that expires after a
// minute. The callers of one Store wait in memory, and one of them polls. A holder
// whose lock expired cannot unlock that of the next one. After a failover of Redis two
// callers may hold the lock; the Revision decides then.
func (c *Connections) Lock(ctx context.Context, id string) (unlock func(), err error) {
	leave, err := c.store.queue.Lock(ctx, id)
	if err != nil {
		return nil, wrap("waiting for a lock", err)
	}
	l := &held{store: c.store, key: c.store.key(lockKey, id), owner: newCall()}
	release := func() {
		l.release()
		leave()
	}
	locked := make(chan error, 1)
	go func() { locked <- l.acquire(ctx) }()
	select {
	case err = <-locked:
		if err == nil {
			return release, nil
		}
		go release() // the lock may be held in spite of the error
	case <-ctx.Done():
		err = context.Cause(ctx)
		go func() {
			<-locked
			release()
		}()
	}
	return nil, wrap("waiting for a lock", err)
}

// held is a lock that is held, or to be held, by one caller of all processes.
type held struct {
	store      *Store
	key, owner string
}

// lockScript locks again if it is the same caller.
var lockScript = newScript(`
local owner, lease = ARGV[2], ARGV[3]
if redis.call('SET', KEYS[2], owner, 'NX', 'PX', lease) or redis.call('GET', KEYS[2]) == owner then
	return 1
end
return 0
`)

// acquire polls until the lock is free.
func (l *held) acquire(ctx context.Context) error {
	for pause := 5 * time.Millisecond; ; pause = min(2*pause, longestPoll) {
		locked, err := l.store.run(ctx, lockScript, []string{l.key}, l.owner, lockLease.Milliseconds()).Bool()
		if err != nil || locked {
			return err
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(pause):
		}
	}
}

var unlockScript = newScript(`
if redis.call('GET', KEYS[2]) == ARGV[2] then
	redis.call('DEL', KEYS[2])
end
return 1
`)

// release unlocks. It waits for that no longer than unlockTimeout, and the unlocking
// goes on.
func (l *held) release() {
	released := make(chan struct{})
	go func() {
		defer close(released)
		l.store.run(context.Background(), unlockScript, []string{l.key}, l.owner)
	}()
	select {
	case <-released:
	case <-time.After(unlockTimeout):
	}
}
