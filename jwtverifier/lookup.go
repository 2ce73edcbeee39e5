package jwtverifier

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/jwtverifier/internal/jose"
)

// usable returns the keys in force, or nil if there are none. If a fetch is due, it
// begins one and does not wait for it.
func (k *remoteKeys) usable(now time.Time) *fetchedKeys {
	elapsed := now.Sub(k.epoch)
	keys := k.fetched(elapsed) // before a fetch begins, which may end at once
	if elapsed >= time.Duration(k.refreshAt.Load()) {
		k.refresh(elapsed)
	}
	return keys
}

// fetched returns the keys in force, or nil if there are none.
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
			return nil, undecided(set, withoutAnswer(err))
		case newer == nil:
			return nil, invalid(jose.ErrUnknownKey)
		}
		set = newer
	}
}

// undecided says for the log whether keys are known at all.
func undecided(set *jose.KeySet, err error) error {
	if set == nil {
		return fmt.Errorf("jwtverifier: no keys to verify with: %w", err)
	}
	return fmt.Errorf("jwtverifier: no known key signed the token, and newer ones cannot be fetched: %w", err)
}

// withoutAnswer hides an error of bearergate in the tree of err, which comes from a
// transport or from the cause of a cancellation. Otherwise it would become the
// answer to the client, and missing keys are not a fault of the token.
func withoutAnswer(err error) error {
	var code bearergate.Code
	var answer *bearergate.Error
	if errors.As(err, &code) || errors.As(err, &answer) {
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
