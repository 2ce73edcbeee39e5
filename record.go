package bearergate

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/bearergate/bearergate/internal/audit"
	"github.com/bearergate/bearergate/internal/defaultlog"
)

// record collects the Decision of one request. A nil record, of a request without
// an observer, collects nothing. It has a lock because http.TimeoutHandler can run
// guards on a goroutine that outlives the request.
type record struct {
	base     context.Context // of Configure: it ends if the client leaves, whatever ends inside
	started  time.Time
	cacheHit atomic.Bool // set by the verifier

	mu       sync.Mutex
	decision Decision
	guarded  bool
	open     bool // a guard has begun and not decided
}

func newRecord(base context.Context) *record { return &record{base: base, started: time.Now()} }

// deciding records that a guard begins, so that a guard that panics does not
// count as a pass. Like passed, it is inlined for requests without a record.
func (rec *record) deciding() {
	if rec != nil {
		rec.begin()
	}
}

func (rec *record) begin() {
	rec.mu.Lock()
	defer rec.mu.Unlock()
	rec.guarded, rec.open = true, true
}

// verifying records that a verifier is asked.
func (rec *record) verifying() {
	if rec != nil {
		rec.cacheHit.Store(false)
	}
}

// passed records that a guard let the request pass, with the token and grant of s.
func (rec *record) passed(r *http.Request, s *state) {
	if rec != nil {
		rec.pass(r, s.token(), s.grant())
	}
}

func (rec *record) pass(r *http.Request, t *Token, g *Grant) {
	rec.mu.Lock()
	defer rec.mu.Unlock()
	rec.decided(r)
	d := &rec.decision
	if t == nil {
		t = new(Token) // the caller is anonymous, whoever it is to an outer guard
	}
	d.TokenType = t.Type()
	d.Issuer = t.Issuer()
	d.TokenID = t.ID()
	d.Subject = t.Subject()
	d.ClientID = t.ClientID()
	d.GrantID = t.GrantID()
	d.OrganizationID = t.OrganizationID()
	d.InstallationID = t.InstallationID()
	if g != nil {
		d.OrganizationID = g.OrganizationID
	}
}

func (rec *record) refused(r *http.Request, e *Error) {
	rec.mu.Lock()
	defer rec.mu.Unlock()
	rec.decided(r)
	rec.decision.Code, rec.decision.Reason = e.Code, e
	rec.decision.ClientGone = clientGone(rec.base, e)
}

// decided needs rec.mu.
func (rec *record) decided(r *http.Request) {
	rec.guarded, rec.open = true, false
	d := &rec.decision
	d.Method, d.Pattern = r.Method, r.Pattern
	d.CacheHit = rec.cacheHit.Load()
	d.Duration = time.Since(rec.started)
}

// audited records what an endpoint found. Its request has a decision, also if no guard
// stands in front.
func (rec *record) audited(r *http.Request, f audit.Facts) {
	rec.mu.Lock()
	defer rec.mu.Unlock()
	rec.decided(r)
	d := &rec.decision
	d.ClientID = cmp.Or(f.ClientID, d.ClientID)
	d.GrantID = cmp.Or(f.GrantID, d.GrantID)
	d.Family = cmp.Or(f.Family, d.Family)
	d.Subject = cmp.Or(f.Subject, d.Subject)
	d.Theft = cmp.Or(Theft(f.Theft), d.Theft)
	d.Repeated = d.Repeated || f.Repeated
}

func (rec *record) degraded(failure error) {
	if rec == nil {
		return
	}
	rec.mu.Lock()
	defer rec.mu.Unlock()
	rec.decision.Degraded = true
	if rec.decision.LimiterFailure == nil {
		rec.decision.LimiterFailure = failure
	}
}

// report calls the observer, after the handler returned or panicked. If the observer
// panics, the answer stands.
func (rec *record) report(ctx context.Context, observe Observer, returned bool) {
	rec.mu.Lock()
	decision, guarded, open := rec.decision, rec.guarded, rec.open
	rec.mu.Unlock()
	if !guarded {
		return
	}
	if open {
		decision.Code, decision.Reason = ErrServerError, errUndecided
		decision.ClientGone = returned && ctx.Err() == context.Canceled
	}
	defer func() {
		if p := recover(); p != nil {
			observerPanics.Log(ctx, slog.LevelError, "bearergate: the observer panicked", slog.Any("panic", p), slog.String("stack", string(debug.Stack())))
		}
	}()
	if e, ok := decision.Reason.(*Error); ok {
		decision.Reason = e.refusal() // each observer has its own
	}
	observe(ctx, decision)
}

var observerPanics defaultlog.Log

// errUndecided is the reason of a request that ended before a guard decided:
// the guard panicked, or http.TimeoutHandler did not wait for it.
var errUndecided = ErrServerError.because(errors.New("bearergate: the request ended before a guard had decided"))
