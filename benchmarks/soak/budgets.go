package main

import "sync"

// budgets knows which installation each key of a limiter stands for, and the reverse.
type budgets struct{ installations, keys sync.Map }

// checkKeys: S6.1, S6.2, S6.3. An installation has one key in every budget, and shares it
// with no other.
func (x *exchange) checkKeys(f *faults) {
	for _, c := range x.seen.calls {
		if c.policy == failureBy {
			if want := networkKey(x.address); c.key != want {
				f.add("S6.22", "%s: a failure was charged to %q, want %q", x, c.key, want)
			}
			continue
		}
		if owner, _ := x.world.budgets.installations.LoadOrStore(c.key, x.installation); owner != x.installation {
			f.add("S6.3", "%s: the key of %v is that of %v too", x, owner, x.installation)
		}
		if key, _ := x.world.budgets.keys.LoadOrStore(x.installation, c.key); key != c.key {
			f.add("S6.2", "%s: the installation has the keys %q and %q", x, key, c.key)
		}
	}
}
