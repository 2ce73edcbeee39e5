package client

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/bearergate/bearergate"
)

// Disconnect revokes the grant of the connection: it sends DELETE to
// Config.RevokeURL, with the access token, and saves that the connection is dead. A
// grant that is already gone is no error. Config.Dead is not called.
//
// After that, requests fail with [bearergate.ErrGrantRevoked]. If the refresh token
// is refused, the connection is dead, but the grant cannot be revoked from here, and
// the error says so. If ctx ends first, the work goes on.
func (t *Transport) Disconnect(ctx context.Context) error {
	if t.config.RevokeURL == "" {
		return errors.New("client: Disconnect needs Config.RevokeURL; set it to the URL at which the grant is revoked")
	}
	return t.do(ctx, disconnecting, t.disconnect)
}

func (t *Transport) disconnect(ctx context.Context) error {
	return t.locked(ctx, func(c Connection) error {
		if c.Dead != "" {
			death := t.deathOf(c)
			t.latch(death)
			return unlessGone(death)
		}
		if t.memory.waits() {
			return t.memory.fault
		}
		err := unlessGone(t.revoke(ctx, c))
		death := deathIn(err)
		switch {
		case err == nil:
			return t.end(ctx, &Error{Status: bearergate.ErrGrantRevoked.Status(), Code: bearergate.ErrGrantRevoked, Action: Reconnect})
		case death != nil:
			return errors.Join(fmt.Errorf("client: the grant cannot be revoked from here: %w", err), t.end(ctx, death))
		}
		return err
	})
}

// revoke revokes the grant. It refreshes the access token first if that is due, or
// once after the access token was refused.
func (t *Transport) revoke(ctx context.Context, c Connection) error {
	old := c
	c, refreshed, err := t.withAccess(ctx, c)
	switch {
	case err != nil && t.serves(old, err):
		c = old // and it is not refreshed once more
	case err != nil:
		return err
	}
	_, err = t.ask(ctx, nil, grantRequest(http.MethodDelete, t.config.RevokeURL, c))
	if refreshed || !errors.Is(err, bearergate.ErrInvalidToken) {
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
func (t *Transport) end(ctx context.Context, death *Error) error {
	err := t.saveDeath(ctx, death.Code)
	if errors.Is(err, errReplaced) {
		return nil
	}
	t.latch(death)
	return err
}
