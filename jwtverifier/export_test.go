package jwtverifier

import "time"

// WithTimes replaces times that users cannot set, for tests over real HTTP.
func WithTimes(fetchTimeout, retry time.Duration) RemoteKeysOption {
	return func(k *remoteKeys) error { k.fetchTimeout, k.retry = fetchTimeout, retry; return nil }
}
