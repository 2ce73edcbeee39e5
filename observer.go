package bearergate

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"
)

// Decision is what the guards decided about one request. It never holds the
// token.
type Decision struct {
	// Code is empty if every guard let the request pass.
	Code Code
	// Reason is the refusal, an [*Error] that unwraps to its private cause, for
	// logs alone. It is nil if the request passed.
	Reason error

	// What the token said; empty if none was verified. After RequireGrant,
	// OrganizationID is the grant's.
	TokenType      TokenType
	Subject        string
	ClientID       string
	GrantID        string
	OrganizationID string
	InstallationID string

	// Method and Pattern are the request's; Pattern is as in
	// [http.Request.Pattern], empty if the guards run outside of the mux.
	Method  string
	Pattern string
	// CacheHit reports that the token had been verified before, so that its signature
	// was not checked again.
	CacheHit bool
	// Degraded reports that a limiter failed and its fallback decided.
	Degraded bool
	// Duration is the time from [Configure] to the last guard's decision.
	Duration time.Duration
}

// Observer receives one Decision for each guarded request, once its handler has
// returned. A refusal that the handler itself makes with [Refuse] counts. A
// request that ended before a guard decided, since the guard panicked or an
// http.TimeoutHandler did not wait for it, is reported as server_error.
// It is called by the request's goroutine, so it must be safe for concurrent
// use and should be quick: net/http may hold the answer back until it returns.
// If it panics, the panic is logged to slog.Default and the answer stands. The
// context is the one that Configure received.
type Observer func(ctx context.Context, d Decision)

// LogDecisions returns an [Observer] that logs to logger: passes at debug
// level, refusals at info, what was decided by a fallback at warn, and 5xx
// answers at error.
func LogDecisions(logger *slog.Logger) Observer {
	if logger == nil {
		panic("bearergate: LogDecisions needs a logger; pass slog.Default()")
	}
	return func(ctx context.Context, d Decision) {
		level := d.level()
		if !logger.Enabled(ctx, level) {
			return
		}
		logger.LogAttrs(ctx, level, d.message(), d.attrs()...)
	}
}

func (d Decision) level() slog.Level {
	switch {
	case d.Code.Status() >= http.StatusInternalServerError:
		return slog.LevelError
	case d.Degraded:
		return slog.LevelWarn
	case d.Code != "":
		return slog.LevelInfo
	default:
		return slog.LevelDebug
	}
}

func (d Decision) message() string {
	if d.Code == "" {
		return "request passed"
	}
	return "request refused"
}

func (d Decision) attrs() []slog.Attr {
	attrs := make([]slog.Attr, 0, 13)
	add := func(key, value string) {
		if value != "" {
			attrs = append(attrs, slog.String(key, value))
		}
	}
	add("code", string(d.Code))
	if cause := errors.Unwrap(d.Reason); cause != nil {
		add("reason", fmt.Sprint(cause))
	}
	add("method", d.Method)
	add("pattern", d.Pattern)
	add("token_type", string(d.TokenType))
	add("subject", d.Subject)
	add("client_id", d.ClientID)
	add("grant_id", d.GrantID)
	add("organization_id", d.OrganizationID)
	add("installation_id", d.InstallationID)
	if d.CacheHit {
		attrs = append(attrs, slog.Bool("cache_hit", true))
	}
	if d.Degraded {
		attrs = append(attrs, slog.Bool("degraded", true))
	}
	return append(attrs, slog.Duration("duration", d.Duration))
}
