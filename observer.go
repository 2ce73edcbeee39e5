package bearergate

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/bearergate/bearergate/internal/audit"
)

// Decision is the decision of the guards about one request. It never holds the
// token.
type Decision struct {
	// Code is empty if every guard let the request pass.
	Code Code
	// Reason is the refusal, an [*Error] that unwraps to its private cause. Its text
	// names what the guard required and what it found, for logs alone. It may keep the
	// claims of the token in memory: an observer that queues decisions keeps its text. It
	// is nil if the request passed.
	Reason error

	// The claims of the token, empty if none was verified. After [RequireGrant],
	// OrganizationID is that of the grant.
	TokenType      TokenType
	Issuer         string
	TokenID        string
	Subject        string
	ClientID       string
	GrantID        string
	OrganizationID string
	InstallationID string

	// Family identifies the refresh tokens of one authorization. It is empty except for
	// requests of the token endpoint, of minting and of revocation.
	Family string
	// Theft is the kind of theft that the request gave away, empty if none. The
	// refresh tokens of the Family are then revoked.
	Theft Theft
	// Repeated reports that the token endpoint answered a retired refresh token with
	// its successor again: to a client that lost the first answer, or to a thief.
	Repeated bool

	// ClientGone reports that the client closed the connection before the guards
	// decided. Code is then that of an answer that nobody received, such as
	// temporarily_unavailable.
	ClientGone bool

	// Method and Pattern are those of the request. Pattern is
	// [http.Request.Pattern], empty if the guards run outside of the mux.
	Method  string
	Pattern string
	// CacheHit reports that the token had been verified before, so that its signature
	// was not checked again.
	CacheHit bool
	// Degraded reports that a limiter failed and its fallback decided. LimiterFailure
	// is the error of the limiter, or of the first one that failed.
	Degraded       bool
	LimiterFailure error
	// Duration is the time from [Configure] to the last guard's decision.
	Duration time.Duration
}

// Theft is a kind of theft that the token endpoint detects.
type Theft string

// The kinds of theft.
const (
	// CodeReplayed is the second exchange of an authorization code.
	CodeReplayed Theft = audit.CodeReplayed
	// RefreshTokenReused is the use of a retired refresh token that is not answered any
	// more.
	RefreshTokenReused Theft = audit.RefreshTokenReused
)

// Observer receives one Decision for each request that a guard or the token endpoint
// decided about, after its handler returned. A refusal by the handler itself, with [Refuse], counts as the decision.
// If a request ends before a guard decides, because the guard panicked or an
// [http.TimeoutHandler] did not wait for it, the code is server_error.
//
// The request's goroutine calls it, so it must be safe for concurrent use. It
// should be quick: net/http may hold the answer back until it returns. If it
// panics, the panic is logged to [slog.Default], and the answer stands. The context
// is the one that [Configure] received.
type Observer func(ctx context.Context, d Decision)

// LogDecisions returns an [Observer] that logs each decision to logger, with the
// attributes of [Decision.LogValue]:
//
//   - A pass is logged at debug level, which slog does not show by default.
//   - A refusal is logged at info level, and so is a client that closed the
//     connection before the guards decided.
//   - A theft, and a decision in which a limiter's fallback was used, are logged at
//     warn level.
//   - A 500 or 503 is logged at error level.
//
// It panics if logger is nil. To log nothing, pass slog.New(slog.DiscardHandler).
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
	case d.ClientGone:
		return slog.LevelInfo
	case d.Code.Status() >= http.StatusInternalServerError:
		return slog.LevelError
	case d.Degraded, d.Theft != "":
		return slog.LevelWarn
	case d.Code != "":
		return slog.LevelInfo
	default:
		return slog.LevelDebug
	}
}

func (d Decision) message() string {
	switch {
	case d.ClientGone:
		return "client gone"
	case d.Theft != "":
		return "theft detected"
	case d.Code == "":
		return "request passed"
	}
	return "request refused"
}

// LogValue returns a group with the code, the reason without the code, the request's
// method and pattern, the token's ids and the duration. Empty values are left out.
// It never holds the token or its raw claims.
func (d Decision) LogValue() slog.Value { return slog.GroupValue(d.attrs()...) }

// reasonText returns the text of a reason without its code, empty if there is none.
func reasonText(reason error, c Code) string {
	if reason == nil {
		return ""
	}
	return withoutCode(fmt.Sprint(reason), c)
}

func (d Decision) attrs() []slog.Attr {
	attrs := make([]slog.Attr, 0, 20)
	add := func(key, value string) {
		if value != "" {
			attrs = append(attrs, slog.String(key, value))
		}
	}
	add("code", string(d.Code))
	add("reason", reasonText(d.Reason, d.Code))
	add("method", bounded(d.Method))
	add("pattern", d.Pattern)
	add("token_type", string(d.TokenType))
	add("issuer", d.Issuer)
	add("token_id", d.TokenID)
	add("subject", d.Subject)
	add("client_id", d.ClientID)
	add("grant_id", d.GrantID)
	add("organization_id", d.OrganizationID)
	add("installation_id", d.InstallationID)
	add("family", d.Family)
	add("theft", string(d.Theft))
	if d.Repeated {
		attrs = append(attrs, slog.Bool("repeated", true))
	}
	if d.ClientGone {
		attrs = append(attrs, slog.Bool("client_gone", true))
	}
	if d.CacheHit {
		attrs = append(attrs, slog.Bool("cache_hit", true))
	}
	if d.Degraded {
		attrs = append(attrs, slog.Bool("degraded", true))
	}
	if d.LimiterFailure != nil {
		attrs = append(attrs, slog.Any("limiter_failure", d.LimiterFailure))
	}
	return append(attrs, slog.Duration("duration", d.Duration))
}
