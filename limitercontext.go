package bearergate

import (
	"context"
	"sync/atomic"
	"time"
)

// limiterContext is the context of one call of a limiter. It ends at the timeout, and
// not when the client hangs up: the limiter may have counted the request by then. Its
// timer starts when the limiter first asks for the end of the context, so a limiter
// that answers from memory costs no timer.
type limiterContext struct {
	context.Context // of the request, for its values
	call            atomic.Pointer[limiterCall]
}

// limiterCall is idle until the timer starts.
type limiterCall struct {
	timeout time.Duration
	timed   context.Context // nil: idle
	cancel  context.CancelFunc
}

// endedCall is for limiters that use their context after they returned.
var endedCall = func() *limiterCall {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return &limiterCall{timed: ctx, cancel: cancel}
}()

func newLimiterContext(ctx context.Context, idle *limiterCall) *limiterContext {
	c := &limiterContext{Context: ctx}
	c.call.Store(idle)
	return c
}

func (c *limiterContext) started() context.Context {
	for {
		call := c.call.Load()
		if call.timed != nil {
			return call.timed
		}
		ctx, cancel := context.WithTimeout(context.WithoutCancel(c.Context), call.timeout)
		if c.call.CompareAndSwap(call, &limiterCall{timed: ctx, cancel: cancel}) {
			return ctx
		}
		cancel()
	}
}

func (c *limiterContext) Deadline() (time.Time, bool) { return c.started().Deadline() }
func (c *limiterContext) Done() <-chan struct{}       { return c.started().Done() }
func (c *limiterContext) Err() error                  { return c.started().Err() }

// ended reports whether the timer started and its time is over. On a busy machine the
// timer may come later than that.
func (c *limiterContext) ended() bool {
	timed := c.call.Load().timed
	if timed == nil {
		return false
	}
	deadline, ok := timed.Deadline()
	return timed.Err() != nil || ok && !time.Now().Before(deadline)
}

func (c *limiterContext) end() {
	if call := c.call.Swap(endedCall); call.cancel != nil {
		call.cancel()
	}
}
