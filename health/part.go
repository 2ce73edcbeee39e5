package health

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"
)

// part is a part of the program and its check.
type part struct {
	name    string
	check   Check
	timeout time.Duration
	logger  *slog.Logger

	mu      sync.Mutex
	current *run // nil if the check is not running
	failing bool
}

// run is a check in progress, shared by all probes that wait for it.
type run struct {
	done chan struct{}
	err  error // to read when done
}

var (
	errEnded   = errors.New("the check called runtime.Goexit")
	errTooLate = errors.New("the check did not end in time")
)

// begin returns the check in progress, or starts it.
func (p *part) begin() *run {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.current == nil {
		p.current = &run{done: make(chan struct{}), err: errEnded}
		go p.run(p.current)
	}
	return p.current
}

// run runs the check. It does not depend on the context of a probe, since others may
// wait for it.
func (p *part) run(r *run) {
	ctx, cancel := context.WithTimeout(context.Background(), p.timeout)
	defer cancel()
	defer p.ended(r)
	r.err = recovered(ctx, p.check)
}

func (p *part) ended(r *run) {
	p.report(r, r.err)
	p.mu.Lock()
	p.current = nil
	p.mu.Unlock()
	close(r.done)
}

// wait reports whether the check succeeds before ctx ends.
func (p *part) wait(ctx context.Context, r *run) bool {
	select {
	case <-r.done:
		return r.err == nil
	case <-ctx.Done():
	}
	select {
	case <-r.done: // both at once
		return r.err == nil
	default:
	}
	if ctx.Err() == context.DeadlineExceeded {
		p.report(r, errTooLate)
	}
	return false
}

// report logs when the check begins to fail, and when it works again. A run that has
// ended has nothing more to report.
func (p *part) report(r *run, err error) {
	p.mu.Lock()
	changed := p.current == r && p.failing != (err != nil)
	if changed {
		p.failing = err != nil
	}
	p.mu.Unlock()
	if !changed {
		return
	}
	defer func() { _ = recover() }() // a log handler that panics must not end the program
	if err != nil {
		p.logger.Warn("bearergate: a readiness check fails", "check", p.name, "error", err)
		return
	}
	p.logger.Info("bearergate: a readiness check succeeds again", "check", p.name)
}

// recovered calls the check, and makes an error of its panic.
func recovered(ctx context.Context, check Check) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the check panicked: %v\n%s", p, debug.Stack())
		}
	}()
	return check(ctx)
}
