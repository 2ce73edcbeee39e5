package jwtverifier

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"github.com/bearergate/bearergate/jwtverifier/internal/jose"
)

const (
	minFresh     = time.Minute
	maxFresh     = 24 * time.Hour
	defaultFresh = 15 * time.Minute
	// fetchTimeout bounds a fetch of keys, metadata included.
	fetchTimeout = 10 * time.Second
	// heedingTime is how long a transport may go on after its context ended.
	heedingTime = time.Second
	// maxLeftBehind bounds the abandoned fetches of a transport that ignores its
	// context.
	maxLeftBehind = 16
)

var errPanicked = errors.New("the transport panicked")

// loadInTime fetches keys. It abandons a transport that ignores its context.
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

// loadedKeys holds new keys, or the error of the fetch.
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
