package main

import (
	"net/http"
	"strconv"
	"time"

	"github.com/bearergate/bearergate"
)

// checks are the rules about the form of an answer, and about what the observer
// received.
var checks = []func(*exchange, *faults){
	(*exchange).checkStatus, (*exchange).checkBody, (*exchange).checkHeaders, (*exchange).checkChallenge, (*exchange).checkRetryAfter,
	(*exchange).checkFields, (*exchange).checkFree, (*exchange).checkDecision, (*exchange).checkFallback,
	(*exchange).checkKeys,
}

// checkStatus: S1.1 to S1.12.
func (x *exchange) checkStatus(f *faults) {
	want := http.StatusOK
	if x.code != "" {
		want = x.code.Status()
	}
	if x.status != want {
		f.add("S1", "%s: got status %d of %s, want %d", x, x.status, codeOr(x.code), want)
	}
}

// checkBody: S1.17, S1.18, S1.22, S4.2.
func (x *exchange) checkBody(f *faults) {
	want := x.wantBody()
	if x.method == http.MethodHead {
		want = ""
	}
	if x.body != want {
		f.add("S1.17", "%s: got body %q, want %q", x, x.body, want)
	}
}

func (x *exchange) wantBody() string {
	switch {
	case x.code == "" && x.form == absent:
		return okBody(anonymous)
	case x.code == "":
		return okBody(x.id)
	case x.code == bearergate.ErrMissingScope:
		return `{"error":"missing_scope","required":"` + x.missing() + "\"}\n"
	}
	return `{"error":"` + string(x.code) + "\"}\n"
}

// checkHeaders: S1.19.
func (x *exchange) checkHeaders(f *faults) {
	if x.code == "" {
		return
	}
	for name, want := range map[string]string{
		"Content-Type": "application/json", "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff",
		"Content-Length": strconv.Itoa(len(x.wantBody())),
	} {
		if got := x.header.Get(name); got != want {
			f.add("S1.19", "%s: got %s %q, want %q", x, name, got, want)
		}
	}
}

// checkChallenge: S1.1, S1.3, S1.4, S1.31, S1.38, S1.40, S2.1, S2.2.
func (x *exchange) checkChallenge(f *faults) {
	if got, want := x.header.Get("WWW-Authenticate"), x.wantChallenge(); got != want {
		f.add("S1.31", "%s: got challenge %q, want %q", x, got, want)
	}
}

func (x *exchange) wantChallenge() string {
	const begin, end = `Bearer realm="` + realm + `"`, `, resource_metadata="` + metadataURL + `"`
	switch {
	case x.code == bearergate.ErrInvalidToken && x.form != bearer:
		return begin + end
	case x.code == bearergate.ErrInvalidToken, x.code == bearergate.ErrInvalidRequest:
		return begin + `, error="` + string(x.code) + `"` + end
	case x.code == bearergate.ErrMissingScope:
		return begin + `, error="insufficient_scope", scope="projects:read projects:write"` + end
	}
	return ""
}

// checkRetryAfter: S1.8, S1.11, S1.28, S1.30.
func (x *exchange) checkRetryAfter(f *faults) {
	text := x.header.Get("Retry-After")
	seconds, err := strconv.Atoi(text)
	switch x.code {
	case bearergate.ErrRateLimited:
		if err != nil || seconds < 1 {
			f.add("S1.28", "%s: got Retry-After %q, want whole seconds, 1 at least", x, text)
			return
		}
		x.checkRestored(time.Duration(seconds)*time.Second, f)
	case bearergate.ErrTemporarilyUnavailable:
		if text != "5" {
			f.add("S1.30", "%s: got Retry-After %q, want 5", x, text)
		}
	default:
		if text != "" {
			f.add("S1.28", "%s: got Retry-After %q, want none", x, text)
		}
	}
}

// checkRestored: after Retry-After every budget that was used up is restored. Rules:
// S1.29, S6.15, S6.35.
func (x *exchange) checkRestored(wait time.Duration, f *faults) {
	for _, c := range x.seen.calls {
		if decided, _ := c.outcomes(x.seen.served); decided && c.quota.Remaining == 0 && x.end.Add(wait+clockSkew).Before(c.quota.Reset) {
			f.add("S1.29", "%s: got Retry-After %v, and the budget %s is restored %v after the answer", x, wait, c.policy, c.quota.Reset.Sub(x.end))
		}
	}
}

// checkFree: S6.5, S6.26, S6.27: a request that is no failed authentication costs nothing.
func (x *exchange) checkFree(f *faults) {
	failures := len(x.seen.callsOf(failureBy))
	limits := len(x.seen.calls) - failures
	free := x.form == absent || x.form == noToken || limits > 0
	if free && failures > 0 || failures > 1 {
		f.add("S6.27", "%s: the limiter of failures was asked %d times", x, failures)
	}
	if failures > 0 && limits > 0 {
		f.add("S6.5", "%s: a failed authentication consumed a budget", x)
	}
}

// checkDecision: S1.45. The observer saw what the client saw.
func (x *exchange) checkDecision(f *faults) {
	d := x.seen.decision
	switch {
	case d == nil:
		f.add("S1.45", "%s: the observer received nothing", x)
	case d.Code != x.code:
		f.add("S1.45", "%s: the observer received %s, the client %s", x, codeOr(d.Code), codeOr(x.code))
	case x.code == "" && (d.TokenID != x.id || d.InstallationID != x.installation):
		f.add("S1.45", "%s: the observer received the token %q of %q, want %q of %q", x, d.TokenID, d.InstallationID, x.id, x.installation)
	case d.TokenID != "" && d.TokenID != x.id:
		f.add("S1.45", "%s: the observer received the token %q, want %q", x, d.TokenID, x.id)
	}
}

// checkFallback: S6.17, S6.18. The fallback is asked only if the limiter failed, and the
// observer sees it.
func (x *exchange) checkFallback(f *faults) {
	degraded := false
	for _, c := range x.seen.calls {
		if !c.fallback {
			continue
		}
		degraded = true
		if first := x.seen.callsOf(c.policy)[0]; !first.mayFail(x.seen.served) && x.seen.served.took() < overdue {
			f.add("S6.17", "%s: the fallback was asked, and the limiter had not failed", x)
		}
	}
	if d := x.seen.decision; d != nil && (d.Degraded != degraded || (d.LimiterFailure != nil) != degraded) {
		f.add("S6.18", "%s: the observer received degraded=%v (%v), want %v", x, d.Degraded, d.LimiterFailure, degraded)
	}
}

func (c *call) mayFail(served span) bool {
	_, failed := c.outcomes(served)
	return failed
}
