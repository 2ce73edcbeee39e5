package main

import (
	"fmt"
	"math/rand/v2"
	"sync"
)

// keyring is the issuer's keys: those that it publishes, and the last that it dropped.
type keyring struct {
	algorithms []string

	mu            sync.Mutex
	made          int
	live, dropped []*signingKey
	rotations     int
}

// liveKeys is how many keys are published at once, and droppedKeys how many that are
// published no longer still sign tokens.
const (
	liveKeys    = 4
	droppedKeys = 3
)

func newKeyring(algorithms []string) (*keyring, error) {
	k := &keyring{algorithms: algorithms}
	for range liveKeys {
		if err := k.rotate(); err != nil {
			return nil, err
		}
	}
	k.rotations = 0
	return k, nil
}

// rotate publishes a new key, and drops the oldest.
func (k *keyring) rotate() error {
	k.mu.Lock()
	n := k.made
	k.made++
	k.mu.Unlock()
	key, err := newSigningKey(fmt.Sprintf("key-%d", n), k.algorithms[n%len(k.algorithms)])
	if err != nil {
		return err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.rotations++
	k.live = append(k.live, key)
	if len(k.live) > liveKeys {
		k.dropped = append(k.dropped, k.live[0])
		k.live = k.live[1:]
	}
	if len(k.dropped) > droppedKeys {
		k.dropped = k.dropped[1:]
	}
	return nil
}

// published returns the keys that are published now.
func (k *keyring) published() []*signingKey {
	k.mu.Lock()
	defer k.mu.Unlock()
	return append([]*signingKey(nil), k.live...)
}

func (k *keyring) pick(random *rand.Rand) *signingKey {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.live[random.IntN(len(k.live))]
}

// pickDropped returns a key that is published no longer, if there is one.
func (k *keyring) pickDropped(random *rand.Rand) *signingKey {
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.dropped) == 0 {
		return k.live[0]
	}
	return k.dropped[random.IntN(len(k.dropped))]
}
