package client

import (
	"context"
	"errors"
	"time"
)

const (
	// renewTimeout bounds a renewal. A renewal goes on when the context of a
	// request ends.
	renewTimeout = 45 * time.Second
	// renewPause is how long no renewal begins after one that failed. Until then,
	// every request gets its error.
	renewPause = time.Second
	// maxRenewals is how many renewals a request waits for at most. It may need
	// two: one that an earlier request began, and its own.
	maxRenewals = 3
)

var errNoToken = errors.New("client: renewals return no new token that lasts")

// renewal is a renewal in progress. done is closed when it ends.
type renewal struct{ done chan struct{} }

// current returns an installation token other than the rejected one. If no token is
// fresh, it waits for a renewal. If the renewal fails, it returns a token that has
// not expired, if there is one (S8.32).
func (t *Transport) current(ctx context.Context, rejected string) (StoredToken, error) {
	for range maxRenewals {
		token, r, err := t.tokenOrRenewal(rejected)
		if r == nil {
			return token, err
		}
		select {
		case <-r.done:
		case <-ctx.Done():
			return StoredToken{}, context.Cause(ctx)
		}
	}
	return StoredToken{}, errNoToken
}

// tokenOrRenewal returns a token, an error, or the renewal to wait for. It begins a
// renewal if none is in progress (S8.14).
func (t *Transport) tokenOrRenewal(rejected string) (StoredToken, *renewal, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now, usable := time.Now(), t.token.Text != rejected
	switch {
	case t.dead != nil:
		return StoredToken{}, nil, t.dead
	case usable && t.token.fresh(now):
		return t.token, nil, nil
	case t.failure != nil && now.Before(t.retryAt):
		if usable && t.token.living(now) {
			return t.token, nil, nil
		}
		return StoredToken{}, nil, t.failure
	case t.renewal == nil:
		t.renewal = &renewal{done: make(chan struct{})}
		go t.run(t.renewal, rejected)
	}
	return StoredToken{}, t.renewal, nil
}

// run renews the tokens and wakes all waiting requests.
func (t *Transport) run(r *renewal, rejected string) {
	ctx, cancel := context.WithTimeout(context.Background(), renewTimeout)
	defer cancel()
	token, err := t.renew(ctx, rejected)
	if e := deathIn(err); e != nil {
		t.latch(e)
	}
	t.finish(token, err)
	close(r.done)
}

func (t *Transport) finish(token StoredToken, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.renewal = nil
	if err != nil {
		t.failure, t.retryAt = err, time.Now().Add(renewPause)
		return
	}
	t.token, t.failure = token, nil
}
