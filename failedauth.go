package bearergate

import (
	"net/http"
	"net/netip"
	"time"

	"github.com/bearergate/bearergate/internal/guess"
	"github.com/bearergate/bearergate/internal/typednil"
)

// FailedAuthenticationOption is a setting of [LimitFailedAuthentication]. A
// [LimiterOption] is one.
type FailedAuthenticationOption interface{ applyFailedAuthentication(*failedAuthentication) }

func (o LimiterOption) applyFailedAuthentication(f *failedAuthentication) { o(&f.budget) }

type trustedProxies []netip.Prefix

func (p trustedProxies) applyFailedAuthentication(f *failedAuthentication) {
	f.trusted = append(f.trusted, p...)
}

// WithTrustedProxies names the proxies from which [LimitFailedAuthentication] accepts
// X-Forwarded-For. The default is none. The zero Prefix contains no address.
func WithTrustedProxies(proxies ...netip.Prefix) FailedAuthenticationOption {
	return append(trustedProxies{}, proxies...)
}

// LimitFailedAuthentication returns a guard that limits how often the authentication
// of an address may fail. It stands outside of [RequireToken] or [OptionalToken],
// around all routes that share the budget, and needs a limiter of its own.
//
// Each request that a RequireToken or OptionalToken inside answers with 400 or 401 is
// taken from the budget of the client's address, IPv6 by /64. Requests without
// credentials, and requests that authenticate, cost nothing and do not ask the limiter.
//
// A wrong client secret, code or refresh token at the token endpoint is counted too,
// for the address and for the client. If the budget of a client is used up, its
// requests from addresses that sent a wrong client secret are answered 429.
//
// Once the budget is used up, all requests of the address are answered 429
// rate_limited, before any token is verified, until the limiter's window ends. A
// request that is in flight then is answered 429 if its token fails. If one limit
// stands around another, put the longer window outside, as with [RateLimit].
//
// The address is the peer's. If the peer is one of [WithTrustedProxies], it is the last
// address in X-Forwarded-For that is not one of them. An entry that is no address ends
// the search at the proxy that added it. No other header is read. If the peer has no
// address, as on a Unix socket, the answer is 500 server_error.
//
// The answers that are counted, and the 429s, carry RateLimit-Policy and RateLimit. If
// the limiter fails, a failed authentication is answered 503, unless [WithFallback] is
// given.
//
// Memory is bounded whatever clients send: beyond 65,536 failing addresses within
// about three windows, further ones share the budgets of their networks (IPv4 /24,
// /16 and /8; IPv6 /48, /32 and /16). An address that never failed is then refused
// if the budget of its network is used up. With [PerMinute], a million failing
// addresses take about 25 MiB, and at most 50.
func LimitFailedAuthentication(l Limiter, opts ...FailedAuthenticationOption) Middleware {
	f := &failedAuthentication{budget: newBudget("LimitFailedAuthentication", "failed-authentication", l)}
	for _, o := range opts {
		if typednil.Is(o) {
			panic(nilOption("LimitFailedAuthentication", "FailedAuthenticationOption"))
		}
		o.applyFailedAuthentication(f)
	}
	return errorGuard(f.check).middleware()
}

type failedAuthentication struct {
	budget   budget
	trusted  trustedProxies
	failures failureTable
	clients  clientFailures
}

func (f *failedAuthentication) check(w http.ResponseWriter, r *http.Request, outer visit) (visit, error) {
	addr, err := clientAddress(r, f.trusted)
	if err != nil {
		return visit{}, ErrServerError.because(err)
	}
	if q, now, refused := f.failures.usedUp(addr); refused {
		f.budget.setFields(w.Header(), outer, f.budget.name, q, now)
		return visit{}, usedUp(f.budget.name, "address", q, q.Reset, now)
	}
	return outer.limitFailures(r, f, addr), nil
}

// charge counts a failed authentication and returns the error to answer with: e as
// long as the budget lasts.
func (f *failedAuthentication) charge(w http.ResponseWriter, r *http.Request, v visit, addr netip.Addr, e *Error) *Error {
	switch {
	case e.noCredentials:
		return e
	case e.Code.Status() != http.StatusUnauthorized && e.Code.Status() != http.StatusBadRequest: // no fault of the client
		return e
	}
	network := f.failures.reserve(networksOf(addr), time.Now())
	q, now, failure := f.budget.take(w, r, v, f.budget.limiter, f.budget.name, "address:"+network.String())
	if failure != nil {
		return errorFrom(failure)
	}
	f.failures.update(network, q, e.Code == ErrInvalidClient, now)
	if !q.Allowed {
		return errorFrom(usedUp(f.budget.name, "address", q, q.Reset, now))
	}
	return f.chargeClient(w, r, v.state, guess.Client(r.Context()), e)
}

// chargeClient counts a failure of a client at the token endpoint, whatever address it
// came from.
func (f *failedAuthentication) chargeClient(w http.ResponseWriter, r *http.Request, s *state, client string, e *Error) *Error {
	if client == "" {
		return e
	}
	q, now, failure := f.budget.decide(w, r, s, f.budget.limiter, f.budget.name, "client:"+client)
	if failure != nil {
		return errorFrom(failure)
	}
	f.clients.update(client, q, now)
	if !q.Allowed {
		return errorFrom(usedUp(f.budget.name, "client", q, q.Reset, now))
	}
	return e
}

// clientUsedUp refuses addresses from which a client failed to authenticate itself,
// once the budget of the client is used up. The client's own address is not one of
// them, whatever others guess.
func (f *failedAuthentication) clientUsedUp(addr netip.Addr, client string) error {
	now := time.Now()
	if q, refused := f.clients.usedUp(client, now); refused && f.failures.failedAsClient(addr) {
		return usedUp(f.budget.name, "client", q, q.Reset, now)
	}
	return nil
}
