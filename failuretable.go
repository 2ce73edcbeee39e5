package bearergate

import (
	"net/netip"
	"sync"
	"time"
)

// networks are the networks of an address, smallest first.
type networks [levels]netip.Prefix

const levels = 4

func networksOf(addr netip.Addr) (n networks) {
	bits := [levels]int{32, 24, 16, 8}
	if addr.Is6() {
		bits = [levels]int{64, 48, 32, 16}
	}
	for i := range n {
		n[i], _ = addr.Prefix(bits[i]) // the address is valid and has as many bits
	}
	return n
}

// maxFailing is the most networks of each level that have a budget. There are fewer
// networks of the last level than its bound.
var maxFailing = [levels]int{1 << 16, 1 << 14, 1 << 12, 1 << 17}

// forgetLater is the time for which a network is kept if the limiter did not answer.
const forgetLater = time.Minute

// failureTable holds the networks that failed. A budget that is used up is then
// enforced without the limiter, and the limiter has a bounded number of keys. The zero
// value is ready to use.
type failureTable struct {
	mu      sync.RWMutex
	budgets map[netip.Prefix]failureBudget
	count   [levels]int
	pruneAt time.Time
}

type failureBudget struct {
	level    int
	quota    Quota
	asClient bool      // a client failed to authenticate itself
	forgetAt time.Time // the limiter has forgotten the network by then
}

func (b failureBudget) usedUp(now time.Time) bool {
	return b.quota.Limit > 0 && b.quota.Remaining == 0 && now.Before(b.quota.Reset)
}

// usedUp returns the quota of the smallest network of the address that has a
// budget, and whether it is used up now. It reads the clock only if the address has
// failed, since that costs more than the look-up.
func (t *failureTable) usedUp(addr netip.Addr) (_ Quota, now time.Time, _ bool) {
	b := t.budgetOf(addr)
	if b.quota.Limit == 0 {
		return Quota{}, time.Time{}, false
	}
	now = time.Now()
	return b.quota, now, b.usedUp(now)
}

// budgetOf is find with t.mu.
func (t *failureTable) budgetOf(addr netip.Addr) failureBudget {
	t.mu.RLock()
	defer t.mu.RUnlock()
	if len(t.budgets) == 0 {
		return failureBudget{}
	}
	return t.find(networksOf(addr))
}

// failedAsClient reports whether a client failed to authenticate itself from the
// address, or from a network that it shares a budget with.
func (t *failureTable) failedAsClient(addr netip.Addr) bool {
	return t.budgetOf(addr).asClient
}

// find needs t.mu. If none of the networks has a budget, it returns the zero
// failureBudget.
func (t *failureTable) find(networks networks) failureBudget {
	for i, network := range networks {
		if t.count[i] == 0 {
			continue
		}
		if b, ok := t.budgets[network]; ok {
			return b
		}
	}
	return failureBudget{}
}

// reserve returns the network from whose budget a failure is taken: the smallest that
// has one or for which there is room.
func (t *failureTable) reserve(networks networks, now time.Time) netip.Prefix {
	t.mu.Lock()
	defer t.mu.Unlock()
	for i, network := range networks {
		if _, ok := t.budgets[network]; ok {
			return network
		}
		if t.count[i] >= maxFailing[i] {
			t.prune(now)
		}
		if t.count[i] < maxFailing[i] {
			t.add(network, failureBudget{level: i, forgetAt: now.Add(forgetLater)})
			return network
		}
	}
	return networks[levels-1]
}

// add needs t.mu.
func (t *failureTable) add(network netip.Prefix, b failureBudget) {
	if t.budgets == nil {
		t.budgets = make(map[netip.Prefix]failureBudget)
	}
	t.budgets[network] = b
	t.count[b.level]++
}

// update keeps the limiter's answer, and whether it was a client that failed.
func (t *failureTable) update(network netip.Prefix, q Quota, asClient bool, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	b, ok := t.budgets[network]
	if !ok { // it was pruned meanwhile
		return
	}
	b.asClient = b.asClient || asClient
	if newer := q.Reset.After(b.quota.Reset); newer || !b.usedUp(now) {
		b.quota = q
		b.forgetAt = q.Reset.Add(2 * max(q.Window, q.Reset.Sub(now)))
	}
	t.budgets[network] = b
}

// maxPruned is how many budgets prune looks at. All of them take milliseconds, in which
// every request waits.
const maxPruned = 256

// prune needs t.mu. It removes budgets that have ended, of those that it looks at. The
// runtime begins to read a map at a random place, so that all have their turn. If none
// has ended there, it does nothing for a millisecond.
func (t *failureTable) prune(now time.Time) {
	if now.Before(t.pruneAt) {
		return
	}
	seen, before := 0, len(t.budgets)
	for network, b := range t.budgets {
		if !now.Before(b.forgetAt) {
			delete(t.budgets, network)
			t.count[b.level]--
		}
		if seen++; seen == maxPruned {
			break
		}
	}
	if len(t.budgets) == before {
		t.pruneAt = now.Add(time.Millisecond)
	}
}
