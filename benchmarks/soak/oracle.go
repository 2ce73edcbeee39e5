package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/bearergate/bearergate"
)

// judge goes through the guards of the route in their order, and returns all answers
// that are right. Each guard is judged by the states in force between the beginning and
// the end of the request. Rules: S5.1.
func (x *exchange) judge() (v verdict) {
	guards := []func() verdict{x.addressBudget, func() verdict { return x.charged(x.token()) }}
	for _, m := range x.route.limits {
		guards = append(guards, func() verdict { return x.limit(m) })
	}
	if x.route.tenants != nil {
		var organizations []string
		guards = append(guards,
			func() (v verdict) { v, organizations = x.grantVerdict(); return v },
			func() verdict { return x.organizationVerdict(organizations) },
			x.scopeVerdict, x.projectVerdict)
	}
	for _, guard := range guards {
		g := guard()
		v.add(g.refusals)
		if v.pass = g.pass; !v.pass {
			break
		}
	}
	return v
}

// checkCode compares the answer with all that are right.
func (x *exchange) checkCode(f *faults) {
	v := x.judge()
	switch {
	case x.code == "" && v.pass:
	case slices.ContainsFunc(v.refusals, func(r refusal) bool { return r.code == x.code }):
	default:
		f.add("answer", "%s: got %s, want %s", x, codeOr(x.code), v)
	}
}

func codeOr(c bearergate.Code) string {
	if c == "" {
		return "a pass"
	}
	return string(c)
}

// String lists the answers that are right, and why.
func (v verdict) String() string {
	var right []string
	if v.pass {
		right = append(right, "a pass")
	}
	for _, r := range v.refusals {
		right = append(right, fmt.Sprintf("%s (%s)", r.code, r.why))
	}
	if len(right) == 0 {
		return "another answer: nothing that the limiters were asked explains this one"
	}
	return strings.Join(right, " or ")
}

// String describes the exchange for whoever looks for the fault.
func (x *exchange) String() string {
	var calls []string
	for _, c := range x.seen.calls {
		calls = append(calls, fmt.Sprintf("%s %v r=%d allowed=%v err=%v fallback=%v", c.policy, c.took(), c.quota.Remaining, c.quota.Allowed, c.err, c.fallback))
	}
	var reason error
	if x.seen.decision != nil {
		reason = x.seen.decision.Reason
	}
	return fmt.Sprintf("%s %s, credential %q, grant %s, from %v, %v at the client and %v served, limiters [%s], reason %v",
		x.method, x.route.name, x.kind, x.credential.grant, x.address, x.took(), x.seen.served.took(), strings.Join(calls, "; "), reason)
}
