package jwtverifier

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/jwtverifier/internal/jose"
)

const (
	minFresh     = time.Minute
	maxFresh     = 24 * time.Hour
	defaultFresh = 15 * time.Minute
	// unknownKeyCoolDown is how long no unknown key causes a fetch after one did.
	unknownKeyCoolDown = 10 * time.Second
	// retryInterval lies between the beginnings of fetches that fail.
	retryInterval = 5 * time.Second
	// fetchTimeout bounds a fetch of keys, metadata included.
	fetchTimeout = 10 * time.Second
	// heedingTime is what a transport has to return once its context has ended.
	heedingTime = time.Second
	// maxLeftBehind bounds the fetches of a transport that does not.
	maxLeftBehind = 16
)

// remoteKeys is a source of keys that are fetched when they are asked for.
// Readers take no lock as long as the keys they need are there. Times are those
// since epoch, which no change of the clock moves.
type remoteKeys struct {
	fetcher      fetcher
	fetch        func(context.Context) (document, error)
	discovered   string // the issuer, where the keys were found by it
	maxWait      time.Duration
	staleIfError time.Duration
	fetchTimeout time.Duration
	retry        time.Duration
	epoch        time.Time

	current   atomic.Pointer[fetchedKeys]
	refreshAt atomic.Int64 // when the next request is to begin a fetch

	ctx   context.Context // ends with Close
	close context.CancelFunc

	leftBehind atomic.Int32 // fetches that have not returned

	mu        sync.Mutex
	flight    *flight
	failure   error         // of the last fetch
	retryAt   time.Duration // when the next may begin, after a failure
	unknownAt time.Duration // when a fetch for an unknown key last ended
	reporters []reporter
}

// fetchedKeys are keys as they were fetched. They are never changed.
type fetchedKeys struct {
	set         *jose.KeySet
	sum         [sha256.Size]byte // of their text
	skipped     []string
	at          time.Time
	usableUntil time.Duration
}

// flight is a fetch in progress, shared by all who wait for it.
type flight struct {
	unknownKey bool // it is made for an unknown key
	done       chan struct{}
	err        error // to read when done
}

const never = time.Duration(math.MaxInt64)

func newRemoteKeys(constructor string, opts []RemoteKeysOption) (k *remoteKeys, faults []error) {
	k = &remoteKeys{
		fetcher: newFetcher(), maxWait: DefaultMaxWait, staleIfError: DefaultStaleIfError,
		fetchTimeout: fetchTimeout, retry: retryInterval, epoch: time.Now(), unknownAt: -unknownKeyCoolDown,
	}
	k.refreshAt.Store(int64(never))
	k.ctx, k.close = context.WithCancel(context.Background())
	for _, set := range opts {
		if err := k.apply(set); err != nil {
			faults = append(faults, fmt.Errorf("jwtverifier: %s: %w", constructor, err))
		}
	}
	return k, faults
}

var errNilOption = errors.New("a nil RemoteKeysOption; leave it out")

func (k *remoteKeys) apply(set RemoteKeysOption) error {
	if set == nil {
		return errNilOption
	}
	return set(k)
}

func (k *remoteKeys) issuer() string { return k.discovered }

// usable returns the keys in force, nil where there are none. It begins a fetch
// where one is due, and does not wait for it.
func (k *remoteKeys) usable(now time.Time) *fetchedKeys {
	elapsed := now.Sub(k.epoch)
	if elapsed >= time.Duration(k.refreshAt.Load()) {
		k.refresh(elapsed)
	}
	return k.fetched(elapsed)
}

// fetched returns the keys in force, nil where there are none.
func (k *remoteKeys) fetched(elapsed time.Duration) *fetchedKeys {
	keys := k.current.Load()
	if keys == nil || elapsed >= keys.usableUntil {
		return nil
	}
	return keys
}

func (k *remoteKeys) inForce(set *jose.KeySet, now time.Time) bool {
	keys := k.usable(now)
	return keys != nil && keys.set == set
}

func (k *remoteKeys) verify(ctx context.Context, t *jose.Signed) (*jose.KeySet, error) {
	now := time.Now()
	set := k.usable(now).keySet()
	for {
		if set != nil {
			switch err := set.Verify(t); {
			case err == nil:
				return set, nil
			case errors.Is(err, jose.ErrKeysChanged):
				return nil, fmt.Errorf("jwtverifier: %w", err)
			case !errors.Is(err, jose.ErrUnknownKey):
				return nil, invalid(err)
			}
		}
		newer, err := k.newerThan(ctx, set, now.Add(k.maxWait))
		switch {
		case err != nil:
			return nil, fmt.Errorf("jwtverifier: no keys to verify with: %w", withoutAnswer(err))
		case newer == nil:
			return nil, invalid(jose.ErrUnknownKey)
		}
		set = newer
	}
}

// withoutAnswer keeps an error of bearergate's that is in a transport's, or in
// the cause of a cancellation, from being what the client is told: that there are
// no keys is no fault of the token's.
func withoutAnswer(err error) error {
	var answer *bearergate.Error
	if errors.As(err, &answer) {
		return errors.New(fmt.Sprint(err))
	}
	return err
}

func (f *fetchedKeys) keySet() *jose.KeySet {
	if f == nil {
		return nil
	}
	return f.set
}

var (
	errClosed   = errors.New("the key source was closed")
	errTooLate  = errors.New("the key server did not answer in time")
	errPanicked = errors.New("the transport panicked")
)

// newerThan returns other keys than these, nil where the server has none, which
// a nil set never is. It waits for a fetch until the deadline. A refresh that
// was under way when a token with an unknown key came may have missed the key,
// and is followed by another fetch.
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

// join returns other keys than these if they are there already, or else the
// fetch in progress, or begins one. It returns none of it where no fetch may
// begin now: with the error of the last one, or without where it succeeded.
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

// loadInTime leaves a transport behind that does not heed its context.
func (k *remoteKeys) loadInTime() loadedKeys {
	if k.leftBehind.Load() >= maxLeftBehind {
		return loadedKeys{err: errTooLate}
	}
	ctx, cancel := context.WithTimeout(k.ctx, k.fetchTimeout)
	defer cancel()
	loaded := make(chan loadedKeys, 1)
	k.leftBehind.Add(1)
	go func() {
		defer k.leftBehind.Add(-1)
		loaded <- k.load(ctx)
	}()
	select {
	case l := <-loaded:
		return l
	case <-ctx.Done():
	}
	select {
	case l := <-loaded:
		return l
	case <-time.After(heedingTime):
		return loadedKeys{err: errTooLate}
	}
}

// loadedKeys are keys, or why there are none.
type loadedKeys struct {
	keys  *fetchedKeys
	fresh time.Duration
	err   error
}

func (k *remoteKeys) load(ctx context.Context) (l loadedKeys) {
	defer func() {
		if p := recover(); p != nil {
			l = loadedKeys{err: fmt.Errorf("%w: %v", errPanicked, p)}
		}
	}()
	doc, err := k.fetch(ctx)
	if err != nil {
		return loadedKeys{err: err}
	}
	parsed, skipped, err := jose.ParseSet(doc.text)
	if err != nil {
		return loadedKeys{err: err}
	}
	set, skipped, err := jose.NewKeySet(parsed, skipped)
	if err != nil {
		return loadedKeys{err: err}
	}
	keys := &fetchedKeys{set: set, sum: sha256.Sum256([]byte(doc.text)), at: time.Now()}
	for _, reason := range skipped {
		keys.skipped = append(keys.skipped, reason.Error())
	}
	return loadedKeys{keys: keys, fresh: freshness(doc.maxAge)}
}

func freshness(maxAge time.Duration) time.Duration {
	if maxAge < 0 {
		return defaultFresh
	}
	return min(max(maxAge, minFresh), maxFresh)
}

// fetched tells what a fetch changed.
func (r reporter) fetched(before, keys *fetchedKeys, failure, err error) {
	switch {
	case err != nil && failure == nil:
		r.failing(err)
	case err == nil && failure != nil:
		r.recovered()
	}
	if err == nil {
		r.newlySkipped(before, keys)
	}
}

func (r reporter) newlySkipped(before, keys *fetchedKeys) {
	for _, reason := range keys.skipped {
		if before == nil || !slices.Contains(before.skipped, reason) {
			r.skipped(reason)
		}
	}
}

func (k *remoteKeys) reportTo(r reporter) {
	k.mu.Lock()
	known := slices.Contains(k.reporters, r)
	if !known {
		k.reporters = append(slices.Clip(k.reporters), r)
	}
	k.mu.Unlock()
	if keys := k.current.Load(); keys != nil && !known {
		r.newlySkipped(nil, keys)
	}
}

// Ready implements [KeySource].
func (k *remoteKeys) Ready(ctx context.Context) error {
	if _, err := k.newerThan(ctx, nil, time.Now().Add(never)); err != nil {
		return fmt.Errorf("jwtverifier: no keys: %w", err)
	}
	return nil
}

// Status implements [KeySource].
func (k *remoteKeys) Status() KeyStatus {
	k.mu.Lock()
	s := KeyStatus{Failure: k.failure}
	k.mu.Unlock()
	if keys := k.current.Load(); keys != nil && time.Since(k.epoch) < keys.usableUntil {
		s.Keys, s.FetchedAt = keys.set.Len(), keys.at
	}
	return s
}

// Close implements [KeySource].
func (k *remoteKeys) Close() error {
	k.close()
	k.mu.Lock()
	f := k.flight
	k.mu.Unlock()
	if f != nil {
		<-f.done
	}
	return nil
}
