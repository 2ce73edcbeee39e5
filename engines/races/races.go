// Package races has grants revoked while their tokens are rotated and their codes are
// exchanged, and counts what lives after that.
package races

import (
	"context"
	"crypto/rand"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bearergate/bearergate/engines/records"
	"github.com/bearergate/bearergate/tokenendpoint"
)

// Count is how many races there are.
const Count = 2000

// Alive runs all races over two handles of one store, and returns how many families
// live after them.
func Alive(t testing.TB, one, other tokenendpoint.Store, revoke func(ctx context.Context, grantID string) error) int64 {
	t.Helper()
	run := rand.Text()
	var alive, next atomic.Int64
	var workers sync.WaitGroup
	for range 8 {
		workers.Go(func() {
			for n := next.Add(1); n <= Count && !t.Failed(); n = next.Add(1) {
				r := race{t, one, other, fmt.Sprint(run, "-", n), revoke}
				alive.Add(r.alive())
			}
		})
	}
	workers.Wait()
	return alive.Load()
}

// race is that of one grant.
type race struct {
	t          testing.TB
	one, other tokenendpoint.Store
	grantID    string
	revoke     func(ctx context.Context, grantID string) error
}

// alive rotates the grant's family, exchanges another code and revokes the grant, all
// at once, and returns how many families live after that.
func (r race) alive() (alive int64) {
	ctx := r.t.Context()
	begun, code := records.NewFamily(r.grantID, r.grantID+"-a"), records.NewSum()
	r.report(r.one.SaveCode(ctx, code, records.NewCode(r.grantID)))
	_, err := r.one.Consume(ctx, code, time.Now(), begun)
	r.report(err)
	first, code := records.NewFamily(r.grantID, r.grantID+"-b"), records.NewSum()
	r.report(r.one.SaveCode(ctx, code, records.NewCode(r.grantID)))
	atOnce(
		func() { _, err := r.one.ReplaceFamily(ctx, records.Rotated(begun)); r.report(err) },
		func() { _, err := r.other.Consume(ctx, code, time.Now(), first); r.report(err) },
		func() { r.report(r.revoke(ctx, r.grantID)) },
	)
	for _, id := range []string{begun.FamilyID, first.FamilyID} {
		_, found, err := r.other.Family(ctx, id)
		r.report(err)
		if found {
			alive++
		}
	}
	return alive
}

func (r race) report(err error) {
	if err != nil {
		r.t.Errorf("got error %v, want none", err)
	}
}

// atOnce runs functions at once and waits for them.
func atOnce(all ...func()) {
	var running sync.WaitGroup
	start := make(chan struct{})
	for _, do := range all {
		running.Go(func() { <-start; do() })
	}
	close(start)
	running.Wait()
}
