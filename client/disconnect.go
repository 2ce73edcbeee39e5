package client

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/bearergate/bearergate"
)

// Disconnect revokes the grant of the connection: it sends DELETE to
// Config.RevokeURL, with the access token, and saves that the connection is dead. A
// grant that is already gone is no error. Config.Dead is not called.
//
// After that, requests fail with [bearergate.ErrGrantRevoked]. If the refresh token
// is refused, the grant cannot be revoked from here, and the error says so.
func (t *Transport) Disconnect(ctx context.Context) error {
	if t.config.RevokeURL == "" {
		return errors.New("client: Disconnect needs Config.RevokeURL; set it to the URL at which the grant is revoked")
	}
	return t.do(ctx, t.disconnect)
}

func (t *Transport) disconnect(ctx context.Context) error {
	return t.locked(ctx, func(c Connection) error {
		if t.isDead(c) {
			death := t.deathOf(c)
			t.latch(death)
			return unlessGone(death)
		}
		if t.memory.waits() {
			return t.memory.fault
		}
		if err := unlessGone(t.revoke(ctx, c)); err != nil {
			if death := deathIn(err); death != nil {
				t.bury(ctx, death)
			}
			return err
		}
		return t.end(ctx)
	})
}

// revoke revokes the grant. It refreshes the access token first if that is due, or
// once after the access token was refused.
func (t *Transport) revoke(ctx context.Context, c Connection) (err error) {
	due := !c.Access.fresh(time.Now())
	if due {
		if c, err = t.refresh(ctx, c); err != nil {
			return err
		}
	}
	_, err = t.ask(ctx, nil, grantRequest(http.MethodDelete, t.config.RevokeURL, c))
	if due || !errors.Is(err, bearergate.ErrInvalidToken) {
		return err
	}
	c.Access = StoredToken{}
	return t.revoke(ctx, c)
}

// unlessGone returns nil if the error says that there is no such grant any more.
func unlessGone(err error) error {
	if errors.Is(err, bearergate.ErrGrantRevoked) || errors.Is(err, bearergate.ErrGrantNotFound) {
		return nil
	}
	return err
}

// end saves and latches that the app has ended the connection. A connection that
// was stored meanwhile lives.
func (t *Transport) end(ctx context.Context) error {
	err := t.saveDeath(ctx, bearergate.ErrGrantRevoked)
	if errors.Is(err, ErrConflict) {
		return nil
	}
	t.latch(&Error{Status: bearergate.ErrGrantRevoked.Status(), Code: bearergate.ErrGrantRevoked, Action: Reconnect})
	if err != nil {
		return fmt.Errorf("client: saving that the connection is dead: %w", err)
	}
	return nil
}
