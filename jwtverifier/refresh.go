package jwtverifier

import (
	"context"
	"errors"
	"time"

	"github.com/bearergate/bearergate/jwtverifier/internal/jose"
)

const (
	// unknownKeyCoolDown is how long unknown keys begin no fetch after a fetch for
	// one.
	unknownKeyCoolDown = 10 * time.Second
	// retryInterval is the time between the starts of failing fetches.
	retryInterval = 5 * time.Second
)

// flight is a fetch in progress, shared by all requests that wait for it.
type flight struct {
	unknownKey bool // it was begun for an unknown key
	done       chan struct{}
	err        error // to read when done
}

var (
	errClosed  = errors.New("the key source was closed")
	errTooLate = errors.New("the key server did not answer in time")
)

// newerThan returns keys other than set, or nil if the server has no others. If set
// is nil, it returns keys or an error. It waits for a fetch until the deadline. A
// refresh that was in progress when a token with an unknown key arrived may have
// missed the key, so another fetch follows it.
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

// join returns keys other than set, if they have arrived. Otherwise it returns the
// fetch in progress, or begins one. If no fetch may begin now, it returns neither,
// and the error of the last fetch, if that failed.
func (k *remoteKeys) join(set *jose.KeySet) (newer *jose.KeySet, f *flight, err error) {
	k.mu.Lock() // so that no arriving keys are overlooked
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

// refresh begins a fetch that is due, unless another request just did.
func (k *remoteKeys) refresh(elapsed time.Duration) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.ctx.Err() == nil && elapsed >= time.Duration(k.refreshAt.Load()) {
		k.begin(false)
	}
}

// begin begins a fetch. The caller holds k.mu.
func (k *remoteKeys) begin(unknownKey bool) *flight {
	k.refreshAt.Store(int64(never))
	k.flight = &flight{unknownKey: unknownKey, done: make(chan struct{})}
	go k.run(k.flight)
	return k.flight
}

// run makes the fetch. It has its own timeout, and does not depend on a request's.
func (k *remoteKeys) run(f *flight) {
	began := time.Since(k.epoch)
	loaded := k.loadInTime()
	keys, err := loaded.keys, loaded.err
	now := time.Since(k.epoch)

	k.mu.Lock()
	before, failure, reporters := k.current.Load(), k.failure, k.reporters
	k.flight, k.failure, f.err = nil, err, err
	k.fetches++
	if err != nil {
		k.failed++
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

// install puts keys into use. The caller holds k.mu. If the keys did not change,
// the set stays the same, so that its tokens need not be verified again.
func (k *remoteKeys) install(keys *fetchedKeys, due time.Duration) {
	if k.dropped {
		return
	}
	if old := k.current.Load(); old != nil && old.sum == keys.sum {
		keys.set = old.set
	}
	keys.usableUntil = due + k.staleIfError
	k.current.Store(keys)
	k.refreshAt.Store(int64(due))
}
