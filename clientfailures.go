package bearergate

import (
	"maps"
	"sync"
	"time"
)

// clientFailures holds the registered clients that failed at the token endpoint. The
// zero value is ready to use.
type clientFailures struct {
	mu      sync.Mutex
	budgets map[string]failureBudget
	sweepAt int
}

// usedUp returns the quota of the client, and whether it is used up.
func (t *clientFailures) usedUp(client string, now time.Time) (Quota, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	b := t.budgets[client]
	return b.quota, b.usedUp(now)
}

// update keeps the limiter's answer.
func (t *clientFailures) update(client string, q Quota, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.budgets) >= t.sweepAt {
		maps.DeleteFunc(t.budgets, func(_ string, b failureBudget) bool { return !now.Before(b.forgetAt) })
		t.sweepAt = 2*len(t.budgets) + 64
	}
	if t.budgets == nil {
		t.budgets = make(map[string]failureBudget)
	}
	if old := t.budgets[client]; old.usedUp(now) && !q.Reset.After(old.quota.Reset) {
		return
	}
	t.budgets[client] = failureBudget{quota: q, forgetAt: q.Reset}
}
