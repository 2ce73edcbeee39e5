package client

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"
)

// taskTimeout bounds a task. With saveTimeout, it is less than the 30 s in which a
// token endpoint still answers a retired refresh token (S8.15).
const taskTimeout = 25 * time.Second

// task is work on the connection: a renewal, a look at the store, or a
// disconnection. One runs at a time, for all requests (S8.14). It goes on when the
// context of a request ends. done is closed when it ends; err is set before.
type task struct {
	kind kind
	done chan struct{}
	err  error
}

type kind int

const (
	renewing kind = iota
	looking
	saving
	connecting
	disconnecting
)

// begin starts the work as a task, unless one is in progress, and returns the task
// in progress. The caller holds mu.
func (t *Transport) begin(kind kind, work func(context.Context) error) (current *task, begun bool) {
	if t.task != nil {
		return t.task, false
	}
	t.task = &task{kind: kind, done: make(chan struct{})}
	go t.run(t.task, work)
	return t.task, true
}

func (t *Transport) run(task *task, work func(context.Context) error) {
	ctx, cancel := context.WithTimeout(context.Background(), taskTimeout)
	defer cancel()
	task.err = errGoexit
	defer t.ended(task)
	task.err = recovered(ctx, work)
}

var errGoexit = &panicError{"it called runtime.Goexit"}

// ended ends a task. A token that was refused during a task of another kind is renewed
// now.
func (t *Transport) ended(task *task) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.task = nil
	if task.kind == renewing {
		t.refused = ""
	} else if t.refused != "" {
		t.begin(renewing, t.renewal(t.refused))
	}
	close(task.done)
}

// wait waits for the task. The error is that of ctx, or of a store or callback that
// panicked.
func (k *task) wait(ctx context.Context) error {
	select {
	case <-k.done:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	if panicked, ok := k.err.(*panicError); ok {
		return panicked
	}
	return nil
}

// panicError is the panic of a store or of a callback. It ends the requests that
// wait for the task, and not the program.
type panicError struct{ value any }

func (e *panicError) Error() string {
	return fmt.Sprintf("client: the connection store or a callback panicked: %v", e.value)
}

func recovered(ctx context.Context, work func(context.Context) error) (err error) {
	defer func() {
		if value := recover(); value != nil {
			slog.Error("client: the connection store or a callback panicked", "panic", value, "stack", string(debug.Stack()))
			err = &panicError{value}
		}
	}()
	return work(ctx)
}

// do runs the work as a task, after the one in progress. It returns the error of
// the work, or of ctx if that ends first.
func (t *Transport) do(ctx context.Context, kind kind, work func(context.Context) error) error {
	for {
		t.mu.Lock()
		current, begun := t.begin(kind, work)
		t.mu.Unlock()
		select {
		case <-current.done:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		if begun {
			return current.err
		}
	}
}
