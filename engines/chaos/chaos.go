// Package chaos uses a store while its server is killed and suspended, and finds out
// which of the acknowledged facts were lost.
//
// Each test disturbs its server for six seconds. For a minute, run
//
//	ENGINES_CHAOS=1m go test -run 'Loses' ./sql ./redis
package chaos

import (
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bearergate/bearergate/tokenendpoint"
)

// variable names, in the environment, how long a server is disturbed, such as "1m".
const variable = "ENGINES_CHAOS"

// Duration returns how long a server is disturbed: the duration in the environment
// variable ENGINES_CHAOS, or else six seconds.
func Duration(t testing.TB) time.Duration {
	t.Helper()
	text := os.Getenv(variable)
	if text == "" {
		return 6 * time.Second
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		t.Fatalf("%s: %v", variable, err)
	}
	return d
}

const (
	workers = 16
	// deadline bounds each call.
	deadline = 500 * time.Millisecond
	// slack is how late a call may return on a busy machine.
	slack = time.Second
	// recovery is how long after the last disturbance a call may fail.
	recovery = 15 * time.Second
)

// chaos is one use of a store.
type chaos struct {
	t     testing.TB
	store tokenendpoint.Store

	mu    sync.Mutex
	facts []fact

	twice    atomic.Int64 // codes redeemed and versions replaced twice
	late     atomic.Int64 // calls that returned after their deadline
	calls    atomic.Int64
	failures atomic.Int64
}

// Run lets 16 workers use the store for this duration while disturb is called again
// and again, and returns what the store lost. It fails the test if a code or a version
// was used twice, if a call returned after its deadline, or if the store does not
// recover alone. disturb returns when the server was told to run again.
func Run(t testing.TB, store tokenendpoint.Store, duration time.Duration, disturb func()) Losses {
	t.Helper()
	c := &chaos{t: t, store: store}
	end := time.Now().Add(duration)
	var running sync.WaitGroup
	for range workers {
		running.Go(func() { c.work(end) })
	}
	disturbances := 0
	for time.Now().Before(end) {
		disturb()
		disturbances++
	}
	recovered := c.recover()
	running.Wait()
	losses := c.losses()
	t.Logf("%d disturbances, recovered after %v; %d authorizations, %d of %d calls failed; lost: %+v",
		disturbances, recovered.Round(time.Millisecond), len(c.facts), c.failures.Load(), c.calls.Load(), losses)
	c.judge(disturbances)
	return losses
}

// recover waits until a call succeeds, and returns how long that took.
func (c *chaos) recover() time.Duration {
	began := time.Now()
	c.until(func(read reader) error { _, _, err := read.Family("none"); return err })
	return time.Since(began)
}

func (c *chaos) judge(disturbances int) {
	c.t.Helper()
	if n := c.twice.Load(); n > 0 {
		c.t.Errorf("got %d codes or versions used twice, want none", n)
	}
	if n := c.late.Load(); n > 0 {
		c.t.Errorf("got %d calls that returned after their deadline, want none", n)
	}
	if disturbances < 1 || len(c.facts) < 10 {
		c.t.Errorf("got %d disturbances and %d authorizations, want more for this to be a test", disturbances, len(c.facts))
	}
}
