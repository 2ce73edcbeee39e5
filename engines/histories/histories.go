// Package histories records small histories of concurrent calls of a store, and checks
// with porcupine that each is linearizable.
//
// A test records a few hundred. For more, run
//
//	ENGINES_HISTORIES=2000 go test -run Histories ./sql ./redis
package histories

import (
	"context"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/bearergate/bearergate/tokenendpoint"
)

// variable names, in the environment, how many histories are recorded.
const variable = "ENGINES_HISTORIES"

// Count returns how many histories a test records: the number in the environment
// variable ENGINES_HISTORIES, or else this one.
func Count(t testing.TB, otherwise int) int {
	t.Helper()
	text := os.Getenv(variable)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("%s is %q; use a number of histories", variable, text)
	}
	return n
}

// atOnce is how many histories are recorded at once.
const atOnce = 8

// Bad records n histories over two handles of one store, and returns how many are not
// linearizable. It stops after the first few.
func Bad(t testing.TB, n int, one, other tokenendpoint.Store) int {
	t.Helper()
	const few = 3
	var next, bad, calls, lost atomic.Int64
	var running sync.WaitGroup
	began := time.Now()
	for range atOnce {
		running.Go(func() {
			for grant := next.Add(1); grant <= int64(n) && bad.Load() < few; grant = next.Add(1) {
				history := play(newRecorder(began, int(grant)), one, other)
				calls.Add(int64(len(history)))
				lost.Add(losses(history))
				if !porcupine.CheckOperations(model, history) {
					bad.Add(1)
				}
			}
		})
	}
	running.Wait()
	recorded := min(next.Load(), int64(n))
	t.Logf("%d of %d histories are not linearizable; %d calls in %v, %d lost answers", bad.Load(), recorded, calls.Load(), time.Since(began).Round(time.Millisecond), lost.Load())
	return int(bad.Load())
}

func losses(history []porcupine.Operation) (n int64) {
	for _, o := range history {
		if o.Output.(output).lost {
			n++
		}
	}
	return n
}

// play records one history: a grant with one family and one code, of which the family
// is rotated twice and the code is redeemed twice at once, while the grant is revoked
// and everything is read.
func play(r *recorder, one, other tokenendpoint.Store) []porcupine.Operation {
	ctx := context.Background()
	for _, in := range []input{{call: saveCode}, {call: consume}, {call: saveCode, which: 1}} {
		r.do(ctx, one, 0, in)
	}
	clients := []func(store tokenendpoint.Store, client int){r.rotator, r.rotator, r.redeemer, r.redeemer, r.revoker, r.reader}
	var running sync.WaitGroup
	for n, client := range clients {
		store := one
		if n%2 == 1 {
			store = other
		}
		running.Go(func() { client(store, n+1) })
	}
	running.Wait()
	for which := range 2 {
		r.do(ctx, other, 0, input{call: code, which: which})
		r.do(ctx, one, 0, input{call: family, which: which})
	}
	return r.history
}

func (r *recorder) rotator(store tokenendpoint.Store, client int) {
	for range 2 {
		f := r.do(context.Background(), store, client, input{call: family})
		if !f.found {
			return
		}
		r.change(store, client, input{call: replaceFamily, version: f.version + 1})
	}
}

func (r *recorder) redeemer(store tokenendpoint.Store, client int) {
	r.change(store, client, input{call: consume, which: 1})
	r.do(context.Background(), store, client, input{call: family, which: 1})
}

// revoker revokes the grant at some time, in three of four histories.
func (r *recorder) revoker(store tokenendpoint.Store, client int) {
	if rand.N(4) == 0 {
		return
	}
	time.Sleep(rand.N(3 * time.Millisecond))
	r.change(store, client, input{call: revokeGrant})
}

// reader reads the codes before their families: a revocation is one step.
func (r *recorder) reader(store tokenendpoint.Store, client int) {
	for n := range 4 {
		r.do(context.Background(), store, client, input{call: code, which: n % 2})
		r.do(context.Background(), store, client, input{call: family, which: n % 2})
	}
}

// change makes a change. The caller of each tenth leaves after a short time.
func (r *recorder) change(store tokenendpoint.Store, client int, in input) {
	ctx := context.Background()
	if rand.N(10) == 0 {
		short, cancel := context.WithTimeout(ctx, rand.N(2*time.Millisecond))
		defer cancel()
		ctx = short
	}
	r.do(ctx, store, client, in)
}
