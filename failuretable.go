package bearergate

import (
	"net/netip"
	"sync"
	"time"
)

// networks are those that an address belongs to, smallest first.
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

// maxFailing bounds the networks of each level that have a budget. The networks of
// the last level are few by themselves.
var maxFailing = [levels]int{1 << 16, 1 << 14, 1 << 12, 1 << 17}

// forgetLater is how long a network is kept whose limiter did not answer.
const forgetLater = time.Minute

// failureTable knows the networks that failed, so that a used-up budget is
// enforced without asking the limiter, and so that the limiter has a bounded number
// of keys. The zero value is ready to use.
type failureTable struct {
	mu      sync.RWMutex
	budgets map[netip.Prefix]failureBudget
	count   [levels]int
	pruned  time.Time
}

type failureBudget struct {
	level    int
	quota    Quota
	forgetAt time.Time // when the limiter has forgotten the network too
}

func (b failureBudget) usedUp(now time.Time) bool {
	return b.quota.Limit > 0 && b.quota.Remaining == 0 && now.Before(b.quota.Reset)
}

// usedUp returns the quota of the smallest network of the address that has a
// budget, and whether it is used up.
func (t *failureTable) usedUp(addr netip.Addr, now time.Time) (Quota, bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	if len(t.budgets) == 0 {
		return Quota{}, false
	}
	b := t.find(networksOf(addr))
	return b.quota, b.usedUp(now)
}

// find needs t.mu. It returns the zero failureBudget if none of the networks has
// one.
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

// reserve returns the network whose budget a failure is taken from: the smallest
// that has one, or that there is room for.
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

// update keeps what the limiter answered.
func (t *failureTable) update(network netip.Prefix, q Quota, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	b, ok := t.budgets[network]
	if !ok || b.usedUp(now) && !q.Reset.After(b.quota.Reset) {
		return // pruned meanwhile, or an older answer than the one that is kept
	}
	b.quota = q
	b.forgetAt = q.Reset.Add(2 * max(q.Window, q.Reset.Sub(now)))
	t.budgets[network] = b
}

// prune needs t.mu. It forgets what has ended, at most once a second.
func (t *failureTable) prune(now time.Time) {
	if now.Sub(t.pruned) < time.Second {
		return
	}
	t.pruned = now
	for network, b := range t.budgets {
		if !now.Before(b.forgetAt) {
			delete(t.budgets, network)
			t.count[b.level]--
		}
	}
}
