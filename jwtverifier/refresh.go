package jwtverifier

import (
	"context"
	"errors"
	"time"

	"github.com/bearergate/bearergate/jwtverifier/internal/jose"
)

const (
	// unknownKeyCoolDown is how long no unknown key causes a fetch after one did.
	unknownKeyCoolDown = 10 * time.Second
	// retryInterval lies between the beginnings of fetches that fail.
	retryInterval = 5 * time.Second
)

// flight is a fetch in progress, shared by all requests that wait for it.
type flight struct {
	unknownKey bool // it is made for an unknown key
	done       chan struct{}
	err        error // to read when done
}

var (
	errClosed  = errors.New("the key source was closed")
	errTooLate = errors.New("the key server did not answer in time")
)

// newerThan returns other keys than these, or nil if the server has no others. For
// a nil set it does not return nil without an error. It waits for a fetch until the
// deadline. A refresh that was under way when a token with an unknown key arrived
// may have missed the key, and is followed by another fetch.
func (k *remoteKeys) newerThan(ctx context.Context, set *jose.KeySet, deadline time.Time) (*jose.KeySet, error) {
	for {
		newer, f, err := k.join(set)
		if f == nil {
			return newer, err
		}
		if err := f.wait(ctx, deadline); err != nil {
			return nil, err
		}
		newer = k.fetched(time.Since(k.epoch)).keySet()
		switch {
		case newer != set:
			return newer, nil
		case f.unknownKey:
			return nil, nil
		}
	}
}

// join returns other keys than these if they arrived already, or else the fetch in
// progress, or begins one. If no fetch may begin now, it returns neither, and the
// error of the last fetch, if that failed.
func (k *remoteKeys) join(set *jose.KeySet) (newer *jose.KeySet, f *flight, err error) {
	k.mu.Lock() // keys that arrive from here on are not overlooked
	defer k.mu.Unlock()
	elapsed := time.Since(k.epoch)
	newer = k.fetched(elapsed).keySet()
	switch {
	case newer != nil && newer != set:
		return newer, nil, nil
	case k.flight != nil:
		return nil, k.flight, nil
	case k.ctx.Err() != nil:
		return nil, nil, errClosed
	case k.failure != nil && elapsed < k.retryAt:
		return nil, nil, k.failure
	case set != nil && elapsed < k.unknownAt+unknownKeyCoolDown:
		return nil, nil, nil
	}
	return nil, k.begin(set != nil), nil
}

func (f *flight) wait(ctx context.Context, deadline time.Time) error {
	late := time.NewTimer(time.Until(deadline))
	defer late.Stop()
	select {
	case <-f.done:
		return f.err
	case <-late.C:
		return errTooLate
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// refresh begins a fetch that is due, unless somebody else just did.
func (k *remoteKeys) refresh(elapsed time.Duration) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.ctx.Err() == nil && elapsed >= time.Duration(k.refreshAt.Load()) {
		k.begin(false)
	}
}

// begin needs k.mu.
func (k *remoteKeys) begin(unknownKey bool) *flight {
	k.refreshAt.Store(int64(never))
	k.flight = &flight{unknownKey: unknownKey, done: make(chan struct{})}
	go k.run(k.flight)
	return k.flight
}

// run makes the fetch. It lives by its own timeout, not by that of a request.
func (k *remoteKeys) run(f *flight) {
	began := time.Since(k.epoch)
	loaded := k.loadInTime()
	keys, err := loaded.keys, loaded.err
	now := time.Since(k.epoch)

	k.mu.Lock()
	before, failure, reporters := k.current.Load(), k.failure, k.reporters
	k.flight, k.failure, f.err = nil, err, err
	if err != nil {
		k.retryAt = began + k.retry
		k.refreshAt.Store(int64(k.retryAt))
	} else {
		k.install(keys, now+loaded.fresh)
		if f.unknownKey {
			k.unknownAt = now
		}
	}
	k.mu.Unlock()
	close(f.done)

	for _, r := range reporters {
		r.fetched(before, keys, failure, err)
	}
}

// install needs k.mu. Keys that have not changed stay the same set, so that the
// tokens which they verified need not be verified again.
func (k *remoteKeys) install(keys *fetchedKeys, due time.Duration) {
	if old := k.current.Load(); old != nil && old.sum == keys.sum {
		keys.set = old.set
	}
	keys.usableUntil = due + k.staleIfError
	k.current.Store(keys)
	k.refreshAt.Store(int64(due))
}
