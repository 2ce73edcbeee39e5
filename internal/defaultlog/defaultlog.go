// Package defaultlog logs to slog.Default, at a bounded rate. It is used if an
// operator has set no logger and no observer.
package defaultlog

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// A Log has its own budget of lines: 10 at once, and then one a second. Each kind
// of trouble has its own Log, so that one does not drown another. The zero value is
// ready to use. It is safe for concurrent use.
type Log struct {
	mu      sync.Mutex
	spent   time.Time // when the budget is whole again
	leftOut int       // lines since the last one that was logged
}

const (
	lines    = 10
	interval = time.Second
)

// Log logs to slog.Default if the budget has room. Otherwise the next line
// carries left_out, the number of lines before it that were not logged.
func (l *Log) Log(ctx context.Context, level slog.Level, msg string, attrs ...slog.Attr) {
	logger := slog.Default()
	if !logger.Enabled(ctx, level) {
		return
	}
	leftOut, ok := l.take(time.Now())
	if !ok {
		return
	}
	if leftOut > 0 {
		attrs = append(attrs, slog.Int("left_out", leftOut))
	}
	defer func() { _ = recover() }() // a handler that panics must not change the answer to a request
	logger.LogAttrs(ctx, level, msg, attrs...)
}

// take takes a line from the budget, and returns how many lines were left out
// before it.
func (l *Log) take(now time.Time) (leftOut int, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	owed := l.spent.Sub(now)
	if owed < 0 || owed > lines*interval { // more is owed than can be: the clock was set back
		l.spent, owed = now, 0
	}
	if owed > (lines-1)*interval {
		l.leftOut++
		return 0, false
	}
	l.spent = l.spent.Add(interval)
	leftOut, l.leftOut = l.leftOut, 0
	return leftOut, true
}
