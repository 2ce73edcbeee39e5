package tokenendpoint_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bearergate/bearergate/tokenendpoint"
)

// hangOnce hangs in the first call after it was armed.
func hangOnce(armed *bool) {
	if *armed {
		*armed = false
		time.Sleep(40 * time.Second)
	}
}

// A refresh that hangs in Issue, in the client store or in ReplaceFamily loses the
// race against its own repetition. When it goes on, its token counts as reuse: the
// grace is measured at the end, and not when the request came.
//
// Rules: S7.43, S7.51.
func TestAttack14RequestThatHungIsNoTheft(t *testing.T) {
	for _, where := range []string{"Issue", "Clients"} {
		t.Run(where, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				armed := false
				tr := newTrial(t, func(c *tokenendpoint.Config) {
					c.UsesReported = true
					issue, clients := c.Issue, c.Clients
					if where == "Issue" {
						c.Issue = func(ctx context.Context, a tokenendpoint.Authorization) (tokenendpoint.Issued, error) {
							hangOnce(&armed)
							return issue(ctx, a)
						}
					} else {
						c.Clients = tokenendpoint.ClientStoreFunc(func(ctx context.Context, id string) (tokenendpoint.Client, error) {
							hangOnce(&armed)
							return clients.Client(ctx, id)
						})
					}
				})
				first := tr.succeeds(asApp(exchange(tr.code())))
				armed = true
				go tr.ask(asApp(refreshing(first.RefreshToken))) // the client gives up after 8 s
				time.Sleep(8 * time.Second)
				second := tr.succeeds(asApp(refreshing(first.RefreshToken)))
				if err := tr.uses(second); err != nil {
					t.Error(err)
				}
				time.Sleep(time.Minute)
				tr.succeeds(asApp(refreshing(second.RefreshToken)))
			})
		})
	}
}

// With MaxReuses, answers that are lost end a connection, although nothing of the
// successor was used. After the grace the same token would be answered.
//
// Rules: S7.44.
func TestAttack14LostAnswersWithMaxReusesCostNoConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr := newTrial(t, func(c *tokenendpoint.Config) { c.UsesReported, c.MaxReuses = true, 1 })
		first := tr.succeeds(asApp(exchange(tr.code())))
		for range 4 { // the attempts of one renewal of package client
			tr.succeeds(asApp(refreshing(first.RefreshToken)))
			time.Sleep(time.Second)
		}
	})
}
