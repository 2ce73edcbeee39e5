package main

import (
	"context"
	"testing"
	"time"

	"github.com/bearergate/bearergate"
)

func TestMeterFindsFaultsOfALimiter(t *testing.T) {
	reset := time.Now().Add(time.Second)
	passes := func(remaining uint64) bearergate.Quota {
		return bearergate.Quota{Limit: 2, Remaining: remaining, Reset: reset, Window: 2 * time.Second, Allowed: true}
	}
	refused := bearergate.Quota{Limit: 2, Reset: reset, Window: 2 * time.Second}
	overlapping := passes(1)
	overlapping.Reset = reset.Add(time.Second / 2)
	other := passes(1)
	other.Limit = 3
	for _, test := range []struct {
		name   string
		quotas []bearergate.Quota
		want   string // the rule, empty if nothing is wrong
	}{
		{"a whole window", []bearergate.Quota{passes(1), passes(0), refused, refused}, ""},
		{"half a window", []bearergate.Quota{passes(1)}, ""},
		{"one too many", []bearergate.Quota{passes(1), passes(0), passes(0)}, "S6.19"},
		{"refused too early", []bearergate.Quota{passes(1), refused}, "S6.19"},
		{"windows that overlap", []bearergate.Quota{passes(1), overlapping}, "S6.11"},
		{"another budget", []bearergate.Quota{other}, "S6.12"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var f faults
			m := &meter{policy: "test", limit: 2, window: 2 * time.Second, faults: &f, keys: make(map[string][]*tally)}
			for _, q := range test.quotas {
				m.inner = bearergate.LimiterFunc(func(context.Context, string) (bearergate.Quota, error) { return q, nil })
				m.Take(t.Context(), "key")
			}
			m.checkAll()
			got := ""
			if len(f.first) > 0 {
				got = f.first[0].rule
			}
			if got != test.want {
				t.Errorf("got the fault %q, want %q", got, test.want)
			}
		})
	}
}
