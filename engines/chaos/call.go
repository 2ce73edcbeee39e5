package chaos

import (
	"context"
	"time"

	"github.com/bearergate/bearergate/tokenendpoint"
)

// call makes one call with a deadline. A call that failed is unknown: it may have taken
// effect, or take effect later.
func (c *chaos) call(do func(ctx context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.Background(), deadline)
	defer cancel()
	began := time.Now()
	err := do(ctx)
	c.calls.Add(1)
	if time.Since(began) > deadline+slack {
		c.late.Add(1)
	}
	if err != nil {
		c.failures.Add(1)
		time.Sleep(5 * time.Millisecond) // a server that starts needs the processor
	}
	return err
}

// reader reads with a deadline.
type reader struct {
	ctx   context.Context
	store tokenendpoint.Store
}

func (r reader) Code(sum tokenendpoint.Sum) (tokenendpoint.AuthorizationCode, bool, error) {
	return r.store.Code(r.ctx, sum)
}

func (r reader) Family(id string) (tokenendpoint.Family, bool, error) {
	return r.store.Family(r.ctx, id)
}

// until repeats a read until it succeeds. Nobody helps the store meanwhile.
func (c *chaos) until(read func(reader) error) {
	began := time.Now()
	for {
		err := c.call(func(ctx context.Context) error { return read(reader{ctx, c.store}) })
		if err == nil {
			return
		}
		if time.Since(began) > recovery {
			c.t.Errorf("got error %v for %v, want a store that recovers", err, recovery)
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func (c *chaos) code(sum tokenendpoint.Sum) (code tokenendpoint.AuthorizationCode, found bool) {
	c.until(func(read reader) (err error) { code, found, err = read.Code(sum); return err })
	return code, found
}

func (c *chaos) family(id string) (family tokenendpoint.Family, found bool) {
	c.until(func(read reader) (err error) { family, found, err = read.Family(id); return err })
	return family, found
}
