package bearergate

import (
	"fmt"
	"maps"
	"net/http"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/sethvargo/go-limiter"
)

// WithTrustedProxies names the proxies whose X-Forwarded-For
// [LimitFailedAuthentication] believes.
func WithTrustedProxies(proxies ...netip.Prefix) RateLimitOption {
	proxies = slices.Clone(proxies)
	for i, p := range proxies {
		if !p.IsValid() || p.Addr().Is4In6() && p.Bits() < 96 {
			panic(fmt.Sprintf("bearergate: WithTrustedProxies was given the prefix %v; see netip.MustParsePrefix", p))
		}
		if p.Addr().Is4In6() { // addresses are compared as IPv4
			proxies[i] = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96)
		}
	}
	return func(l *rateLimit) { l.trustedProxies = proxies }
}

// LimitFailedAuthentication returns a guard for the front of [RequireToken],
// around as many routes as share a budget. It takes from the budget of the
// client's address, IPv6 by /64, for each request that a RequireToken inside
// answers with 400 or 401. When the budget is used up, all requests of the
// address are answered 429 rate_limited before any token is looked at, until the
// store's window ends; those that were under way may have theirs looked at, and
// are answered 429 if it fails. Requests that authenticate cost nothing and do not ask
// the store. Give it a store of its own.
//
// The address is the peer's. Where the peer is one of [WithTrustedProxies], it
// is the last address in X-Forwarded-For that is not one; no other header is
// believed. A peer without an address, as on a Unix socket, is answered 500
// server_error.
//
// The answers that cost something, and the 429s, carry RateLimit-Policy and
// RateLimit. A store that fails makes a failed authentication a 503, unless
// [WithFallback] is given. What is kept for a used-up address is bounded; the
// keys of a store in memory are not, see [PerWindow].
func LimitFailedAuthentication(store limiter.Store, opts ...RateLimitOption) Middleware {
	l := newRateLimit("failed-authentication", store, opts)
	usedUp := new(usedUpBudgets)
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			state := extend(r.Context())
			state.record.deciding()
			meter, err := l.admitAddress(w, r, usedUp)
			if err != nil {
				refuseGuarded(w, r, err)
				return
			}
			meter.outer = state.failures
			state.failures = meter
			state.record.passed(r)
			next.ServeHTTP(w, r.WithContext(state))
		})
	}
}

func (l *rateLimit) admitAddress(w http.ResponseWriter, r *http.Request, usedUp *usedUpBudgets) (*failureMeter, error) {
	key, err := addressKey(r, l.trustedProxies)
	if err != nil {
		return nil, err
	}
	if q, ok := usedUp.get(key); ok {
		l.setFields(w.Header(), q)
		return nil, q.refusal()
	}
	return &failureMeter{budget: &l.budget, usedUp: usedUp, key: key}, nil
}

// failureMeter is how RequireToken charges the limit in front of it.
type failureMeter struct {
	budget *budget
	usedUp *usedUpBudgets
	key    string
	outer  *failureMeter // of another guard around this one
}

// charge counts a failed authentication, and returns what it is answered: err
// as long as there is budget.
func (m *failureMeter) charge(w http.ResponseWriter, r *http.Request, err error) error {
	if m == nil {
		return err
	}
	switch errorFrom(err).Code {
	case CodeInvalidToken, CodeInvalidRequest:
	default:
		return err // no fault of the client's
	}
	outer := m.outer.charge(w, r, err)
	q, refused := m.budget.take(w, r, m.key)
	if q.limit > 0 && q.remaining == 0 {
		m.usedUp.add(m.key, q)
	}
	if refused != nil {
		return refused
	}
	return outer
}

// usedUpBudgets knows the addresses that are refused until their window ends. A
// store would have to be asked for it with every request, and tells when a
// budget is there again only to who takes from it.
type usedUpBudgets struct {
	mu     sync.RWMutex
	quotas map[string]quota
	pruned time.Time
}

// maxUsedUp bounds what is remembered. An address beyond it is still refused by
// the store, after its token was looked at.
const maxUsedUp = 1 << 16

func (u *usedUpBudgets) get(key string) (q quota, ok bool) {
	u.mu.RLock()
	q, ok = u.quotas[key]
	u.mu.RUnlock()
	return q, ok && time.Now().Before(q.reset)
}

func (u *usedUpBudgets) add(key string, q quota) {
	q.ok = false
	now := time.Now()
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.quotas == nil {
		u.quotas = make(map[string]quota)
	}
	if len(u.quotas) >= maxUsedUp && now.Sub(u.pruned) >= time.Second {
		u.pruned = now
		maps.DeleteFunc(u.quotas, func(_ string, q quota) bool { return !now.Before(q.reset) })
	}
	if len(u.quotas) < maxUsedUp {
		u.quotas[key] = q
	}
}
