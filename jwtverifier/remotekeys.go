package jwtverifier

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"math"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/bearergate/bearergate/jwtverifier/internal/jose"
)

// The defaults of [RemoteKeys] and [DiscoverKeys].
const (
	// DefaultMaxWait is how long a request waits for keys.
	DefaultMaxWait = 3 * time.Second
	// DefaultStaleIfError is how long known keys are used beyond the time at
	// which new ones were due.
	DefaultStaleIfError = 24 * time.Hour
)

// RemoteKeysOption is a setting of [RemoteKeys] and [DiscoverKeys], which return
// an error for one that cannot work.
type RemoteKeysOption func(*remoteKeys) error

// WithMaxWait sets how long a request waits for keys before it is answered 503.
// It must be over 0. Only requests whose key is not known wait. The default is
// [DefaultMaxWait].
func WithMaxWait(d time.Duration) RemoteKeysOption {
	return func(k *remoteKeys) error {
		if d <= 0 {
			return fmt.Errorf("WithMaxWait was given %v; give a time over 0", d)
		}
		k.maxWait = d
		return nil
	}
}

// WithStaleIfError sets how long known keys are used beyond the time at which
// new ones were due, while the key server cannot give any (RFC 5861 section 4).
// It must be 0 or more. The default is [DefaultStaleIfError].
func WithStaleIfError(d time.Duration) RemoteKeysOption {
	return func(k *remoteKeys) error {
		if d < 0 {
			return fmt.Errorf("WithStaleIfError was given %v; give 0 or more", d)
		}
		k.staleIfError = d
		return nil
	}
}

// WithTransport sets how the key server is reached, for instance with own
// certificate authorities or through a proxy. It must not be nil. Limits, timeouts
// and the refusal of redirects stay as they are. A transport that ignores the
// context of its request is left behind a second after the timeout. The default
// is a copy of [http.DefaultTransport] that keeps no connections.
func WithTransport(t http.RoundTripper) RemoteKeysOption {
	return func(k *remoteKeys) error {
		if t == nil {
			return errors.New("WithTransport was given nil; leave it out")
		}
		k.fetcher.client.Transport = t
		return nil
	}
}

// RemoteKeys returns a source of the keys that a server publishes as a JWK Set
// (RFC 7517 section 5) at jwksURL: an https URL, or an http one of this machine
// (localhost, 127.0.0.0/8, ::1).
//
// Nothing is fetched before the first token, or [KeySource.Ready]; a server
// that is down delays no start. All requests that wait share one fetch, which lasts
// at most 10 s and goes on if they leave. Each waits at most [DefaultMaxWait], and
// is then answered 503. A token whose key is known never waits.
//
// Keys are fetched again after the time that Cache-Control: max-age says, between
// 1 minute (also for no-store and no-cache) and 24 hours; without it after 15
// minutes. A request that uses the keys begins the fetch and does not wait for it.
// An unknown "kid" makes its request fetch at once, so that a new key works from
// its first use; for the next 10 s other unknown ones are refused without a fetch.
// Publish a key before it is used, with a kid that no other key had. A failed fetch
// is repeated after 5 s, if keys are needed.
//
// New keys are used only if the answer is 200, without redirect, has at most 1 MiB,
// is a JWK Set, and has a usable key. Otherwise known keys stay in use, at most
// [DefaultStaleIfError] longer. Entries that cannot be used are skipped, as by
// [StaticKeys]. [Config.Logger] receives a record for each of them, once, and when
// fetches begin to fail and to succeed.
//
// The error names every fault of the URL and of the options.
func RemoteKeys(jwksURL string, opts ...RemoteKeysOption) (KeySource, error) {
	var faults []error
	if _, err := parseURL(jwksURL); err != nil {
		faults = append(faults, fmt.Errorf("jwtverifier: the JWK Set URL %w", err))
	}
	k, more := newRemoteKeys("RemoteKeys", opts)
	if faults = append(faults, more...); len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	k.fetch = func(ctx context.Context) (document, error) { return k.fetcher.get(ctx, jwksURL) }
	return k, nil
}

// DiscoverKeys returns a source of the keys of the issuer, as [RemoteKeys] does
// for the URL that the issuer's metadata names. The metadata is that of RFC 8414
// or, if that is not usable, of OpenID Connect Discovery. Its "issuer" must be this
// issuer, byte for byte, and its "jwks_uri" a URL that RemoteKeys accepts, with
// https if the issuer has https. It is read again with every fetch. The issuer is
// a URL without query and fragment.
func DiscoverKeys(issuer string, opts ...RemoteKeysOption) (KeySource, error) {
	var faults []error
	d, err := newDiscovery(issuer)
	if err != nil {
		faults = append(faults, fmt.Errorf("jwtverifier: the issuer %w", err))
	}
	k, more := newRemoteKeys("DiscoverKeys", opts)
	if faults = append(faults, more...); len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	k.discovered = issuer
	k.fetch = func(ctx context.Context) (document, error) { return d.keys(ctx, &k.fetcher) }
	return k, nil
}

// remoteKeys is a source of keys that are fetched when they are asked for.
// Readers need no lock as long as the keys that they need are known. Times count
// from epoch, so that no change of the clock moves them.
type remoteKeys struct {
	fetcher      fetcher
	fetch        func(context.Context) (document, error)
	discovered   string // the issuer, if the keys were found by it
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

const never = time.Duration(math.MaxInt64)

func newRemoteKeys(constructor string, opts []RemoteKeysOption) (k *remoteKeys, faults []error) {
	k = &remoteKeys{
		fetcher: newFetcher(), maxWait: DefaultMaxWait, staleIfError: DefaultStaleIfError,
		fetchTimeout: fetchTimeout, retry: retryInterval, epoch: time.Now(), unknownAt: -unknownKeyCoolDown,
	}
	k.refreshAt.Store(int64(never))
	k.ctx, k.close = context.WithCancel(context.Background())
	for _, set := range opts {
		if set == nil {
			faults = append(faults, fmt.Errorf("jwtverifier: %s was given a nil RemoteKeysOption; leave it out", constructor))
		} else if err := set(k); err != nil {
			faults = append(faults, fmt.Errorf("jwtverifier: %w", err))
		}
	}
	return k, faults
}

func (k *remoteKeys) issuer() string { return k.discovered }

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
