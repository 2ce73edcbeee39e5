package main

import (
	"net/netip"
	"time"

	"github.com/bearergate/bearergate"
)

// overdue is how long a request is served if a limiter may have been too late because
// the machine was busy.
const overdue = bearergate.DefaultLimiterTimeout - 10*time.Millisecond

// outcomes reports whether the guard may have used the answer of the limiter, and
// whether the limiter may have failed for it. Rules: S6.16, S6.20.
func (c *call) outcomes(served span) (decided, failed bool) {
	switch {
	case c.err != nil, c.hangs, c.end.IsZero():
		return false, true
	case c.memory:
		return true, false
	}
	return true, served.took() > overdue
}

// unasked is the outcome of a limiter whose call had not begun at its deadline.
func (x *exchange) unasked() (v verdict) {
	if x.seen.served.took() > overdue {
		v.refuse(bearergate.ErrTemporarilyUnavailable, "the limiter may have been too late")
	}
	return v
}

// networkKey is the limiter's key for the failures of an address. Rules: S6.21, S6.23.
func networkKey(a netip.Addr) string {
	bits := 32
	if a.Is6() {
		bits = 64
	}
	prefix, _ := a.Prefix(bits)
	return "address:" + prefix.String()
}

// addressBudget judges LimitFailedAuthentication before the token. Rules: S6.28.
func (x *exchange) addressBudget() verdict {
	if !x.route.limited {
		return verdict{pass: true}
	}
	resets, must := x.world.api.used.may(networkKey(x.address), x.span)
	v := verdict{pass: !must}
	if len(resets) > 0 {
		v.refuse(bearergate.ErrRateLimited, "the address may have used its failures up")
	}
	return v
}

// charged judges LimitFailedAuthentication behind the token: what becomes of a failed
// authentication. Rules: S6.24, S6.26, S6.27, S6.30.
func (x *exchange) charged(v verdict) verdict {
	if !x.route.limited || x.form == absent || x.form == noToken {
		return v
	}
	calls := x.seen.callsOf(failureBy)
	out := verdict{pass: v.pass}
	for _, r := range v.refusals {
		if status := r.code.Status(); status != 400 && status != 401 {
			out.refuse(r.code, r.why)
			continue
		}
		if len(calls) == 0 {
			out.add(x.unasked().refusals)
		}
		for _, c := range calls {
			out.add(x.charge(c, r))
		}
	}
	return out
}

// charge returns the answers to a failure that the limiter was asked about.
func (x *exchange) charge(c call, r refusal) (rs []refusal) {
	decided, failed := c.outcomes(x.seen.served)
	if failed {
		rs = append(rs, refusal{bearergate.ErrTemporarilyUnavailable, "the limiter of failures failed"})
	}
	switch {
	case decided && c.quota.Allowed:
		rs = append(rs, r)
	case decided:
		rs = append(rs, refusal{bearergate.ErrRateLimited, "the budget of failures is used up"})
	}
	return rs
}

// limit judges a RateLimit by what its limiter answered. A limit that was not asked has
// let nothing pass. Rules: S6.12, S6.16, S6.17, S6.18.
func (x *exchange) limit(m *meter) (v verdict) {
	calls := x.seen.callsOf(m.policy)
	if len(calls) == 0 {
		return x.unasked()
	}
	c := calls[len(calls)-1] // the fallback's, if there is one
	decided, failed := c.outcomes(x.seen.served)
	if failed && !m.backed {
		v.refuse(bearergate.ErrTemporarilyUnavailable, "the limiter failed")
	}
	if decided && !c.quota.Allowed {
		v.refuse(bearergate.ErrRateLimited, "the budget is used up")
	}
	v.pass = decided && c.quota.Allowed
	return v
}
