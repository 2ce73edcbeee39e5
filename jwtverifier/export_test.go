package jwtverifier

import (
	"time"

	"github.com/bearergate/bearergate/internal/defaultlog"
)

// WithTimes replaces times that users cannot set, for tests over real HTTP.
func WithTimes(fetchTimeout, retry time.Duration) RemoteKeysOption {
	return func(k *remoteKeys) error { k.fetchTimeout, k.retry = fetchTimeout, retry; return nil }
}

// ResetDefaultLog gives the reports without a logger their whole rate again.
func ResetDefaultLog() {
	unheard.skipped, unheard.costly, unheard.failing, unheard.recovered = defaultlog.Log{}, defaultlog.Log{}, defaultlog.Log{}, defaultlog.Log{}
}
