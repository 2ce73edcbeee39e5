package client_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/client"
)

// A store that is down altogether, not only for Save, ends the attempts to save: no
// request comes, and the new refresh token never reaches the store.
//
// Rules: S8.16.
func TestAttack14UnsavedTokenIsSavedAfterAStoreThatWasDownAltogether(t *testing.T) {
	inFakeTime(t, func(t *testing.T) {
		s := newService(time.Hour)
		store := &downStore{ConnectionStore: s.connections}
		transport := s.transport(t, func(c *client.Config) { c.Connections = store })
		s.next(refresh, func(r *http.Request) (*http.Response, error) {
			store.down = true
			time.AfterFunc(20*time.Second, func() { store.down = false })
			return s.actOn(r)
		})
		get(transport)
		time.Sleep(10 * time.Minute)
		if got := s.stored().RefreshToken; got != "refresh-2" {
			t.Errorf("ten minutes after the store works again: got %s stored, want refresh-2", got)
		}
	})
}

type downStore struct {
	client.ConnectionStore
	down bool
}

func (d *downStore) Load(ctx context.Context, id string) (client.Connection, error) {
	if d.down {
		return client.Connection{}, errDown
	}
	return d.ConnectionStore.Load(ctx, id)
}

func (d *downStore) Save(ctx context.Context, id string, c client.Connection) error {
	if d.down {
		return errDown
	}
	return d.ConnectionStore.Save(ctx, id, c)
}

// A renewal that failed with a long Retry-After hides a connection that the user
// made meanwhile, or that another process renewed.
//
// Rules: S8.31, S8.34.
func TestAttack14NewConnectionIsUsedDuringALongRetryAfter(t *testing.T) {
	inFakeTime(t, func(t *testing.T) {
		s := newService(time.Hour)
		a, b := s.transport(t), s.transport(t)
		s.next(refresh, refuseFor(bearergate.ErrTemporarilyUnavailable, 40*time.Minute))
		if err := get(a); err == nil {
			t.Fatal("got no error, want the endpoint's")
		}
		wantOK(t, b) // another process renews
		time.Sleep(time.Minute)
		if err := get(a); err != nil {
			t.Errorf("a minute after fresh tokens were stored: got error %v, want none", err)
		}
	})
}

// Disconnect refreshes with a refresh token that could not be saved. If DELETE then
// fails, the token in the store is reuse: the connection dies in every other process.
//
// Rules: S8.29, S8.35.
func TestAttack14DisconnectUsesNoUnsavedRefreshToken(t *testing.T) {
	inFakeTime(t, func(t *testing.T) {
		s := newService(time.Hour)
		store := &downStore{ConnectionStore: s.connections}
		transport := s.transport(t, func(c *client.Config) { c.Connections = unsavable{store} })
		get(transport)
		time.Sleep(2 * time.Hour)
		s.always(leave, page(500))
		if err := transport.Disconnect(t.Context()); err == nil {
			t.Error("Disconnect: got no error, want one")
		}
		wantCount(t, s, refresh, 1, 1)
		time.Sleep(time.Minute)
		wantOK(t, s.transport(t)) // another process, with the token that is stored
	})
}

// unsavable saves nothing.
type unsavable struct{ *downStore }

func (unsavable) Save(context.Context, string, client.Connection) error { return errDown }
