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
	// DefaultStaleIfError is how long known keys are used after new ones were due.
	DefaultStaleIfError = 24 * time.Hour
)

// RemoteKeysOption is a setting of [RemoteKeys] and [DiscoverKeys]. They return an
// error for a value that cannot work.
type RemoteKeysOption func(*remoteKeys) error

// WithMaxWait sets how long a request waits for keys before it is answered 503. It
// must be greater than 0. Only requests whose key is not known wait. The default is
// [DefaultMaxWait].
func WithMaxWait(d time.Duration) RemoteKeysOption {
	return func(k *remoteKeys) error {
		if d <= 0 {
			return fmt.Errorf("WithMaxWait was given %v; use a time greater than 0", d)
		}
		k.maxWait = d
		return nil
	}
}

// WithStaleIfError sets how long known keys are used after new ones were due, while
// the key server fails (RFC 5861 section 4). It must be 0 or more. The default is
// [DefaultStaleIfError].
func WithStaleIfError(d time.Duration) RemoteKeysOption {
	return func(k *remoteKeys) error {
		if d < 0 {
			return fmt.Errorf("WithStaleIfError was given %v; use 0 or more", d)
		}
		k.staleIfError = d
		return nil
	}
}

// WithTransport sets the transport for requests to the key server, for instance to
// use other certificate authorities or a proxy. It must not be nil. It does not
// change limits, timeouts and the refusal of redirects. If a transport ignores the
// context of its request, it is abandoned a second after the timeout. The default
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
// The first token, or [KeySource.Ready], begins the first fetch, so a server that
// is down does not delay the start of the program. All waiting requests share one
// fetch. It lasts at most 10 s, and goes on if they end. A request waits at most
// [DefaultMaxWait], and is then answered 503. A token whose key is known never
// waits.
//
// Keys are fetched again after the max-age of Cache-Control, but not before 1
// minute (used for no-store and no-cache too) and at the latest after 24 hours.
// Without max-age, they are fetched again after 15 minutes. A request that uses the
// keys begins the fetch and does not wait for it. A token with an unknown "kid"
// begins a fetch at once and waits for it, so that a new key works from its first
// use. For the next 10 s, tokens with other unknown kids are refused without a
// fetch. Publish a key before it is used, with a kid that no other key had. A
// failed fetch is repeated after 5 s, if keys are needed.
//
// New keys are used only if the answer is 200 without a redirect, has at most 1
// MiB, and is a JWK Set with a usable key. Otherwise known keys stay in use, at
// most [DefaultStaleIfError] longer. Unusable entries are skipped, as by
// [StaticKeys]. [Config.Logger] receives one record for each skipped entry, and one
// when fetches begin to fail or succeed again.
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

// DiscoverKeys returns a source of the keys of the issuer. It finds their URL in
// the issuer's metadata and then works like [RemoteKeys]. The metadata is the
// document of RFC 8414 or, if that is not usable, of OpenID Connect Discovery. Its
// "issuer" must equal issuer byte for byte. Its "jwks_uri" must be a URL that
// RemoteKeys accepts, with https if the issuer has https. The metadata is read
// again with every fetch. The issuer is a URL without query and fragment.
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

// remoteKeys is a source of keys that are fetched on demand. Readers need no lock
// if the keys that they need are known. Times are durations since epoch, so that
// changes of the clock do not affect them.
type remoteKeys struct {
	fetcher      fetcher
	fetch        func(context.Context) (document, error)
	discovered   string // the issuer of DiscoverKeys, or ""
	maxWait      time.Duration
	staleIfError time.Duration
	fetchTimeout time.Duration
	retry        time.Duration
	epoch        time.Time

	current   atomic.Pointer[fetchedKeys]
	refreshAt atomic.Int64 // when the next request must begin a fetch

	ctx   context.Context // ends with Close
	close context.CancelFunc

	leftBehind atomic.Int32 // fetches that have not returned

	mu        sync.Mutex
	flight    *flight
	fetches   uint64        // that ended
	failed    uint64        // of the fetches
	failure   error         // of the last fetch
	retryAt   time.Duration // when the next fetch may begin, after a failure
	unknownAt time.Duration // when a fetch for an unknown key last ended
	reporters []reporter
	dropped   bool
}

// fetchedKeys is the result of a fetch. It is immutable.
type fetchedKeys struct {
	set         *jose.KeySet
	sum         [sha256.Size]byte // of the text of the JWK Set
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
	s := KeyStatus{Failure: k.failure, Fetches: k.fetches, FailedFetches: k.failed}
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

// drop closes the source and forgets its keys, so that tokens which they verified are
// verified again, with those of another source.
func (k *remoteKeys) drop() {
	k.close()
	k.mu.Lock()
	defer k.mu.Unlock()
	k.dropped = true
	k.current.Store(nil)
}
