package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/bearergate/bearergate"
)

// checkFields: S6.12, S6.13, S6.14, S6.29, S6.35. Each budget that decided has a member
// in both fields, in the order of the guards.
func (x *exchange) checkFields(f *faults) {
	members := x.members()
	limits, policies := x.header.Values("RateLimit"), x.header.Values("RateLimit-Policy")
	if len(limits) != len(members) || len(policies) != len(members) {
		f.add("S6.12", "%s: got RateLimit %q and RateLimit-Policy %q, want %d members", x, limits, policies, len(members))
		return
	}
	for i, m := range members {
		if want := m.policyText(); policies[i] != want {
			f.add("S6.13", "%s: got RateLimit-Policy %q, want %q", x, policies[i], want)
		}
		if !m.matches(limits[i], x.span) {
			f.add("S6.13", "%s: got RateLimit %q, want r=%d and the seconds to one of %v", x, limits[i], m.quota.Remaining, m.resets)
		}
	}
}

// member is a budget that the fields of an answer speak of.
type member struct {
	policy string
	quota  bearergate.Quota
	resets []time.Time // one of them is that of the field
}

// members returns the budgets that decided. A limiter that answered in time for the
// oracle, and too late for the guard, is one that the guard speaks of or not.
func (x *exchange) members() (members []member) {
	if m, ok := x.refusedAddress(); ok {
		return []member{m}
	}
	for _, c := range x.seen.calls {
		decided, failed := c.outcomes(x.seen.served)
		if decided && (!failed || !x.leftOut(c)) {
			members = append(members, member{c.policy, c.quota, []time.Time{c.quota.Reset}})
		}
	}
	return members
}

// leftOut reports whether the fields do not have the budget.
func (x *exchange) leftOut(c call) bool {
	for _, text := range x.header.Values("RateLimit") {
		if strings.HasPrefix(text, fmt.Sprintf("%q;r=%d;", c.policy, c.quota.Remaining)) {
			return false
		}
	}
	return true
}

// refusedAddress returns the budget of a 429 that no limiter was asked for.
func (x *exchange) refusedAddress() (member, bool) {
	if x.code != bearergate.ErrRateLimited || len(x.seen.calls) > 0 {
		return member{}, false
	}
	resets, _ := x.world.api.used.may(networkKey(x.address), x.span)
	return member{failureBy, bearergate.Quota{Limit: failureLimit, Window: failureWindow}, resets}, true
}

func (m member) policyText() string {
	return fmt.Sprintf("%q;q=%d;w=%d", m.policy, m.quota.Limit, seconds(m.quota.Window))
}

// matches reports whether the field has what remains, and the seconds to the reset at
// some time of the request.
func (m member) matches(text string, request span) bool {
	for _, reset := range m.resets {
		most, least := seconds(reset.Sub(request.begin)+clockSkew), seconds(reset.Sub(request.end)-clockSkew)
		for t := least; t <= most; t++ {
			if text == fmt.Sprintf("%q;r=%d;t=%d", m.policy, m.quota.Remaining, t) {
				return true
			}
		}
	}
	return false
}

// seconds rounds up, to 1 at least.
func seconds(d time.Duration) int64 { return max(1, int64((d+time.Second-1)/time.Second)) }
