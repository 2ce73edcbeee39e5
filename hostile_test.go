package bearergate_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/bearergatetest"
)

// net/http accepts a method of a megabyte.
func TestLongMethodIsCutInTheLog(t *testing.T) {
	method := strings.Repeat("A", 64<<10)
	logger, buf := textLog()
	r := get("")
	r.Method = method
	configure, err := bearergate.Configure(bearergate.Config{Observer: bearergate.LogDecisions(logger)})
	if err != nil {
		t.Fatal(err)
	}
	serve(bearergate.Chain(configure, bearergate.RequireToken(issuer.Verifier())), r)
	if buf.Len() > 4<<10 {
		t.Errorf("LogDecisions: got a line of %d bytes for a request without credentials, want some hundreds", buf.Len())
	}
	byDefault := defaultLog(t)
	synctest.Test(t, func(t *testing.T) {
		fullBudget(byDefault)
		serve(wiredWrongly, r)
	})
	if byDefault.Len() > 4<<10 {
		t.Errorf("default log: got a line of %d bytes, want some hundreds", byDefault.Len())
	}
}

func TestObserverThatPanicsIsLoggedAtABoundedRate(t *testing.T) {
	buf := defaultLog(t)
	configure, err := bearergate.Configure(bearergate.Config{Observer: func(context.Context, bearergate.Decision) { panic("observer") }})
	if err != nil {
		t.Fatal(err)
	}
	for range 100 {
		serve(bearergate.Chain(configure, bearergate.RequireToken(issuer.Verifier())), get(""))
	}
	if got := strings.Count(buf.String(), "the observer panicked"); got > 20 {
		t.Errorf("got %d lines of together %d bytes for 100 anonymous requests, want 10 or 11", got, buf.Len())
	}
}

type panicking struct{ slog.Handler }

func (panicking) Enabled(context.Context, slog.Level) bool { return true }

func (panicking) Handle(context.Context, slog.Record) error { panic("handler") }

func TestDefaultLoggerThatPanicsTakesNoAnswerAway(t *testing.T) {
	defaultLog(t)
	slog.SetDefault(slog.New(panicking{slog.DiscardHandler}))
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(24 * time.Hour)
		defer func() {
			if p := recover(); p != nil {
				t.Errorf("got the panic %v, want the answer 500", p)
			}
		}()
		refuses(t, wiredWrongly, get(""), bearergate.ErrServerError)
	})
}

// Middleware behind RequireToken may set the credentials of another server.
//
// Rules: S6.39.
func TestTokenKeyIsOfTheTokenThatWasSent(t *testing.T) {
	upstream := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			r.Header.Set("Authorization", "Bearer of-the-upstream")
			next.ServeHTTP(w, r)
		})
	}
	guard := bearergate.Chain(bearergate.RequireToken(issuer.Verifier()), upstream, bearergate.RateLimit(budgetOf(t, 1), bearergate.WithKey("token", bearergate.TokenKey)))
	passes(t, guard, get(issuer.AccessToken(bearergatetest.WithClaim("jti", "1"))))
	if got := serve(guard, get(issuer.AccessToken(bearergatetest.WithClaim("jti", "2")))); got.Status == http.StatusTooManyRequests {
		t.Errorf("got 429 for another token's budget, want its own budget, or the wiring fault 500")
	}
}

type awful struct{}

func (awful) Error() string { panic("Error") }

func TestErrorsThatPanicAreLogged(t *testing.T) {
	buf := defaultLog(t)
	var logged bytes.Buffer
	observe, _ := bearergate.Configure(bearergate.Config{Observer: bearergate.LogDecisions(slog.New(slog.NewJSONHandler(&logged, nil)))})
	for _, err := range []error{awful{}, fmt.Errorf("%w: %w", bearergate.ErrServerError, awful{}), errors.Join(awful{}, bearergate.ErrForbidden), (*bearergate.Error)(nil), error((*http.MaxBytesError)(nil))} {
		for _, c := range []bearergate.Middleware{observe, bearergate.Chain()} {
			serve(bearergate.Chain(c, bearergate.Require(func(*http.Request) error { return err })), get(""))
			serve(bearergate.Chain(c, bearergate.RequireToken(failing(err))), get("a-token-of-some-length"))
		}
	}
	if strings.Contains(buf.String()+logged.String(), "a-token-of-some-length") {
		t.Error("got the token in the log")
	}
}

func TestAnonymousDecisionNamesNobody(t *testing.T) {
	var seen bearergate.Decision
	configure, err := bearergate.Configure(bearergate.Config{Observer: func(_ context.Context, d bearergate.Decision) { seen = d }})
	if err != nil {
		t.Fatal(err)
	}
	strip := func(next http.Handler) http.Handler { // as a proxy does
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			r.Header.Del("Authorization")
			next.ServeHTTP(w, r)
		})
	}
	handled := "unset"
	passes(t, bearergate.Chain(configure, bearergate.RequireToken(issuer.Verifier()), strip, bearergate.OptionalToken(issuer.Verifier()), subject(&handled)), get(issuer.AccessToken()))
	if handled == "" && seen.Subject != "" {
		t.Errorf("got the subject %q in the decision about a request that was handled as anonymous, want none", seen.Subject)
	}
}
