// Package races has grants revoked while their tokens are rotated and their codes are
// exchanged, and counts what lives after that.
//
// A test runs a few hundred races. For more, run
//
//	ENGINES_RACES=2000 go test -run Revocation ./sql ./redis
package races

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bearergate/bearergate/engines/records"
	"github.com/bearergate/bearergate/tokenendpoint"
)

// variable names, in the environment, how many races there are.
const variable = "ENGINES_RACES"

// Count returns how many races a test runs: the number in the environment variable
// ENGINES_RACES, or else 400.
func Count(t testing.TB) int64 {
	t.Helper()
	text := os.Getenv(variable)
	if text == "" {
		return 400
	}
	n, err := strconv.ParseInt(text, 10, 32)
	if err != nil || n < 1 {
		t.Fatalf("%s is %q; use a number of races", variable, text)
	}
	return n
}

// Alive runs races over two handles of one store, and returns how many families live
// after them.
func Alive(t testing.TB, count int64, one, other tokenendpoint.Store, revoke func(ctx context.Context, grantID string) error) int64 {
	t.Helper()
	run := rand.Text()
	var alive, next atomic.Int64
	var workers sync.WaitGroup
	for range 8 {
		workers.Go(func() {
			for n := next.Add(1); n <= count && !t.Failed(); n = next.Add(1) {
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
