package client

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/bearergate/bearergate"
)

const (
	// maxTasks is how many tasks a request waits for at most. It may need two: one
	// that an earlier request began, and its own.
	maxTasks = 4
	// maxReplaced is how many times in a renewal the application may store another
	// connection.
	maxReplaced = 4
)

var errNoToken = errors.New("client: the renewal returned no new token that lasts")

// current returns a token other than the rejected one. It waits for a renewal only
// if no token lives (S8.21). If the renewal fails, it returns its error.
func (t *Transport) current(ctx context.Context, rejected string) (StoredToken, error) {
	for range maxTasks {
		token, task, err := t.tokenOrTask(rejected)
		if task == nil {
			return token, err
		}
		if err := task.wait(ctx); err != nil {
			return StoredToken{}, err
		}
	}
	return StoredToken{}, errNoToken
}

// tokenOrTask returns a token, an error, or the task to wait for. It begins a
// renewal if one is due.
func (t *Transport) tokenOrTask(rejected string) (StoredToken, *task, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := time.Now()
	switch {
	case t.dead != nil:
		return StoredToken{}, t.lookAgain(now), t.dead
	case t.token.Text != rejected && t.usable(now):
		if !t.token.fresh(now) && !t.failure.lasts(now) {
			t.begin(renewing, t.renewal(""))
		}
		return t.token, nil, nil
	case t.task == nil && t.failure.lasts(now):
		return StoredToken{}, t.lookMeanwhile(now), t.failure.err
	}
	task, _ := t.begin(renewing, t.renewal(rejected))
	return StoredToken{}, task, nil
}

// usable reports whether the token lives and is not being replaced as refused. The
// caller holds mu.
func (t *Transport) usable(now time.Time) bool {
	return t.token.living(now) && (t.token.Text != t.refused || t.task == nil)
}

// force begins to renew a token that was refused, unless it was renewed already. It
// reports false if refused tokens have caused too many renewals.
func (t *Transport) force(token string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := time.Now()
	switch {
	case t.token.Text != token, t.refused == token && t.task != nil, t.failure.lasts(now):
		return true
	case !t.forced.take(now):
		return false
	}
	t.refused = token
	t.begin(renewing, t.renewal(token)) // or later, if another task is in progress
	return true
}

// renewal returns the task that renews the tokens.
func (t *Transport) renewal(rejected string) func(context.Context) error {
	return func(ctx context.Context) error {
		began := time.Now()
		err := recovered(ctx, func(ctx context.Context) error { return t.renew(ctx, rejected) })
		t.settle(err)
		t.report(Renewal{Err: err, Duration: time.Since(began)})
		return err
	}
}

// report calls Config.Renewed. No request waits for it.
func (t *Transport) report(r Renewal) {
	if t.config.Renewed != nil {
		go recovered(context.Background(), func(context.Context) error { t.config.Renewed(r); return nil })
	}
}

func (t *Transport) settle(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case err == nil:
		t.failure = failure{}
	case t.dead == nil:
		t.lookedAt = time.Now()
		t.failure = t.failure.next(err, t.lookedAt, t.token)
		t.failure.seen, t.failure.looks = t.memory.connection.Revision, !t.storeFails && !t.memory.unsaved
	}
}

// renew gets a token other than the rejected one. If the connection turns out to be
// dead or replaced and another one is stored, it goes on with that one (S8.4).
func (t *Transport) renew(ctx context.Context, rejected string) error {
	return t.locked(ctx, func(c Connection) (err error) {
		for range maxReplaced {
			err = t.renewFrom(ctx, c, rejected)
			death := deathIn(err)
			if !errors.Is(err, errReplaced) && (death == nil || t.bury(ctx, death)) {
				return err
			}
			var failed error
			if c, failed = t.load(ctx); failed != nil {
				return failed
			}
		}
		return err
	})
}

// locked calls work with the newest connection, and holds the lock that all
// processes share (S8.31).
func (t *Transport) locked(ctx context.Context, work func(Connection) error) error {
	unlock, err := t.config.Connections.Lock(ctx, t.config.ConnectionID)
	if err != nil {
		return fmt.Errorf("client: locking the connection: %w", err)
	}
	defer unlock()
	c, err := t.load(ctx)
	if err != nil {
		return err
	}
	return work(c)
}

// renewFrom renews the tokens of c. The previous holder of the lock may have done so
// already.
func (t *Transport) renewFrom(ctx context.Context, c Connection, rejected string) error {
	token, now := t.tokenOf(c), time.Now()
	switch {
	case c.Dead != "":
		return t.deathOf(c)
	case t.memory.waits():
		return t.memory.fault
	case token.Text != rejected && (token.fresh(now) || token.living(now) && !t.hasToken(now)):
		return t.use(c)
	case rejected != "" && token.Text == rejected:
		c.Access = StoredToken{}
	}
	return t.renewTokens(ctx, c)
}

// renewTokens gets a token to send requests with. It refreshes the access token
// first if that is due, or once after the access token was refused.
func (t *Transport) renewTokens(ctx context.Context, c Connection) error {
	old := c
	c, refreshed, err := t.withAccess(ctx, c)
	if err != nil {
		return t.mintWithout(ctx, old, err)
	}
	err = t.mintAndUse(ctx, c)
	if refreshed || !errors.Is(err, bearergate.ErrInvalidToken) {
		return err
	}
	c.Access = StoredToken{}
	return t.renewTokens(ctx, c)
}

// withAccess returns c with an access token, and reports whether it was refreshed. If
// there is no refresh token, one that is due serves while it lives.
func (t *Transport) withAccess(ctx context.Context, c Connection) (with Connection, refreshed bool, err error) {
	now := time.Now()
	if c.Access.fresh(now) || c.RefreshToken == "" && c.Access.living(now) {
		return c, false, nil
	}
	with, err = t.refresh(ctx, c)
	return with, true, err
}

// serves reports whether the access token of c serves, although its refresh failed.
func (t *Transport) serves(c Connection, failed error) bool {
	same := !t.memory.unsaved && t.memory.connection.RefreshToken == c.RefreshToken
	return same && deathIn(failed) == nil && c.Access.living(time.Now())
}

// mintWithout mints an installation token with the access token of c, whose refresh
// failed. If that does not help, it returns the error of the refresh, whose Retry-After
// paces the next one.
func (t *Transport) mintWithout(ctx context.Context, c Connection, failed error) error {
	if t.config.MintURL == "" || !t.serves(c, failed) {
		return failed
	}
	err := t.mintAndUse(ctx, c)
	if err == nil || errors.Is(err, errReplaced) || deathIn(err) != nil {
		return err
	}
	return failed
}

// mintAndUse mints an installation token, if the API has them, and has requests
// sent with it.
func (t *Transport) mintAndUse(ctx context.Context, c Connection) (err error) {
	if t.config.MintURL == "" {
		return t.use(c)
	}
	if c, err = t.mint(ctx, c); err != nil {
		return err
	}
	if c, err = t.keep(ctx, c); errors.Is(err, errReplaced) {
		return err
	}
	return t.use(c)
}

// hasToken reports whether requests have a token that lives.
func (t *Transport) hasToken(now time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.token.living(now)
}

// use has requests sent with the token of c, which lives.
func (t *Transport) use(c Connection) error {
	token := t.tokenOf(c)
	t.mu.Lock()
	defer t.mu.Unlock()
	if !token.living(time.Now()) || token.Text == t.refused {
		return errNoToken
	}
	t.token, t.dead, t.usedSince = token, nil, t.changes
	return nil
}
