package bearergate

import (
	"context"
	"errors"
	"log/slog"
	"net/http"

	"github.com/bearergate/bearergate/internal/defaultlog"
)

// unobserved is for the faults of requests without an observer: a route that is wired
// wrongly is seen among many requests that cannot be decided.
var unobserved struct{ wiring, undecided defaultlog.Log }

// logUnobserved logs a refusal that is a fault of the server, and costs nothing for
// any other.
func logUnobserved(r *http.Request, e *Error) {
	if e.Code.Status() < http.StatusInternalServerError || clientGone(r.Context(), e) {
		return
	}
	log := &unobserved.undecided
	if e.Code == ErrServerError {
		log = &unobserved.wiring
	}
	log.Log(r.Context(), slog.LevelError, "bearergate: request refused",
		slog.String("code", string(e.Code)), slog.Any("reason", lazyReason{e.refusal()}), slog.String("method", bounded(r.Method)), slog.String("pattern", r.Pattern))
}

// lazyReason is formatted if its line is logged.
type lazyReason struct{ refusal *Error }

// LogValue implements [slog.LogValuer].
func (l lazyReason) LogValue() slog.Value {
	return slog.StringValue(reasonText(l.refusal, l.refusal.Code))
}

// clientGone reports whether the guards cannot decide because the client closed the
// connection. A deadline of the server is another matter.
func clientGone(ctx context.Context, e *Error) bool {
	return e.Code == ErrTemporarilyUnavailable && ctx.Err() == context.Canceled && errors.Is(e.cause, context.Canceled)
}
