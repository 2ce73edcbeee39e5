// Package audit lets the handlers of package tokenendpoint and package installation
// report to the observer who a request was for, also if no guard knows it.
package audit

import (
	"context"
	"log/slog"
	"net/http"

	"github.com/bearergate/bearergate/internal/defaultlog"
)

// Facts are what a handler knows of its request. They never hold a token. Empty
// fields are not known.
type Facts struct {
	ClientID, GrantID, Family, Subject string
	// Theft is the kind of theft that the request gave away.
	Theft string
	// Repeated reports that a retired refresh token was answered again.
	Repeated bool
}

// The kinds of theft.
const (
	CodeReplayed       = "code_replayed"
	RefreshTokenReused = "refresh_token_reused"
)

type factsKey struct{}

// Collect returns a request whose context has facts to fill in while it is handled,
// on the goroutine of the handler alone.
func Collect(r *http.Request) (*http.Request, *Facts) {
	f := new(Facts)
	return r.WithContext(context.WithValue(r.Context(), factsKey{}, f)), f
}

// From returns the facts of Collect. Without it they are nobody's.
func From(ctx context.Context) *Facts {
	if f, ok := ctx.Value(factsKey{}).(*Facts); ok {
		return f
	}
	return new(Facts)
}

// Key is the context key of a func(*http.Request, Facts). Configure sets it to receive
// reports.
type Key struct{}

// unobserved is for thefts that no observer receives.
var unobserved defaultlog.Log

// Report adds the facts to the decision about the request. If nobody observes the
// request, a theft is logged to slog.Default.
func Report(r *http.Request, f Facts) {
	if add, ok := r.Context().Value(Key{}).(func(*http.Request, Facts)); ok {
		add(r, f)
		return
	}
	if f.Theft != "" {
		unobserved.Log(r.Context(), slog.LevelWarn, "bearergate: theft detected", slog.String("theft", f.Theft),
			slog.String("client_id", f.ClientID), slog.String("grant_id", f.GrantID), slog.String("family", f.Family), slog.String("subject", f.Subject))
	}
}
