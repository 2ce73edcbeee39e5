package chaos

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/bearergate/bearergate/engines/records"
	"github.com/bearergate/bearergate/tokenendpoint"
)

// fact is what the store acknowledged of one authorization.
type fact struct {
	code     tokenendpoint.Sum
	grant    string
	redeemed bool // a Consume was Fresh or Used
	family   string
	version  int64             // the last that was acknowledged
	token    tokenendpoint.Sum // of that version
	revoked  bool
	unsure   bool // a revocation failed
}

func (c *chaos) work(end time.Time) {
	for time.Now().Before(end) && !c.t.Failed() {
		f := fact{code: records.NewSum()}
		f.grant = fmt.Sprintf("grant-%x", f.code[:8])
		if c.call(func(ctx context.Context) error { return c.store.SaveCode(ctx, f.code, records.NewCode(f.grant)) }) != nil {
			continue
		}
		c.use(&f)
		c.mu.Lock()
		c.facts = append(c.facts, f)
		c.mu.Unlock()
	}
}

// use redeems the code by three calls at once, and rotates its family by two calls at
// once, three times. A quarter is revoked during the last rotation or after it.
func (c *chaos) use(f *fact) {
	c.redeem(f)
	c.rotate(f)
	c.rotate(f)
	switch rand.N(8) {
	case 0:
		atOnce(2, func(n int) {
			if n == 0 {
				c.rotate(f)
			} else {
				c.revoke(f)
			}
		})
	case 1:
		c.rotate(f)
		c.revoke(f)
	default:
		c.rotate(f)
	}
}

func (c *chaos) redeem(f *fact) {
	var fresh, answered atomic.Int64
	atOnce(3, func(n int) {
		first := records.NewFamily(f.grant, fmt.Sprint(f.grant, "-", n))
		for range 3 {
			outcome, err := c.consume(f.code, first)
			if err != nil {
				continue
			}
			answered.Add(1)
			if outcome == tokenendpoint.Fresh {
				fresh.Add(1)
			}
			return
		}
	})
	if fresh.Load() > 1 {
		c.twice.Add(1)
	}
	f.redeemed = answered.Load() > 0
	code, found := c.code(f.code)
	if !found || !code.Used {
		return // a loss, unless no call was answered
	}
	f.redeemed, f.family, f.version = true, code.FamilyID, 1
}

func (c *chaos) consume(code tokenendpoint.Sum, first tokenendpoint.Family) (outcome tokenendpoint.Outcome, err error) {
	err = c.call(func(ctx context.Context) error {
		outcome, err = c.store.Consume(ctx, code, time.Now(), first)
		return err
	})
	return outcome, err
}

// rotate replaces the family as it is read, by two calls at once.
func (c *chaos) rotate(f *fact) {
	if f.family == "" {
		return
	}
	family, found := c.family(f.family)
	if !found {
		return // a loss, unless it is revoked
	}
	var replaced [2]bool
	var next [2]tokenendpoint.Family
	atOnce(2, func(n int) {
		next[n] = records.Rotated(family)
		var ok bool
		err := c.call(func(ctx context.Context) (err error) { ok, err = c.store.ReplaceFamily(ctx, next[n]); return err })
		replaced[n] = ok && err == nil
	})
	if replaced[0] && replaced[1] {
		c.twice.Add(1)
	}
	for n := range replaced {
		if replaced[n] {
			f.version, f.token = next[n].Version, next[n].Token
		}
	}
}

func (c *chaos) revoke(f *fact) {
	err := c.call(func(ctx context.Context) error { return c.store.RevokeGrant(ctx, f.grant) })
	f.revoked, f.unsure = err == nil, err != nil
}

// atOnce calls do n times at once.
func atOnce(n int, do func(n int)) {
	var running sync.WaitGroup
	for i := range n {
		running.Go(func() { do(i) })
	}
	running.Wait()
}
