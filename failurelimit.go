package bearergate

import (
	"net/http"
	"net/netip"
)

// failureLimit is a LimitFailedAuthentication around a request, the address that it
// limits, and the limit around it. A nil one counts nothing.
type failureLimit struct {
	guard failureGuard
	addr  netip.Addr
	outer *failureLimit
}

// failureGuard is a *failedAuthentication. It is an interface so that state.go does not
// depend on failedauth.go.
type failureGuard interface {
	charge(w http.ResponseWriter, r *http.Request, v visit, addr netip.Addr, e *Error) *Error
	clientUsedUp(addr netip.Addr, client string) error
}

// limitFailures returns a visit in which failures are charged to f as well.
func (v visit) limitFailures(r *http.Request, f failureGuard, addr netip.Addr) visit {
	outer := v.failures()
	inner := v.own(r, outer != nil)
	inner.limited.Store(&failureLimit{guard: f, addr: addr, outer: outer})
	return inner
}

// charge counts a failed authentication and returns the error to answer with.
func (l *failureLimit) charge(w http.ResponseWriter, r *http.Request, v visit, e *Error) *Error {
	switch {
	case l == nil:
		return e
	case l.outer == nil:
		return l.guard.charge(w, r, v, l.addr, e)
	}
	outer := l.outer.charge(w, r, v, e)
	return longer(outer, l.guard.charge(w, r, v, l.addr, e))
}

// longer returns the error with the longer wait of a request that two limits counted.
// A 429 comes before any other error, and a fault of the server before one of the client.
func longer(a, b *Error) *Error {
	if b.Code == ErrRateLimited && (a.Code != ErrRateLimited || b.RetryAfter > a.RetryAfter) {
		return b
	}
	if a.Code == ErrRateLimited || a.Code.Status() >= http.StatusInternalServerError {
		return a
	}
	return b
}

// clientUsedUp returns the error to answer with if the failures of a client are used
// up.
func (l *failureLimit) clientUsedUp(client string) error {
	if l.outer != nil {
		if err := l.outer.clientUsedUp(client); err != nil {
			return err
		}
	}
	return l.guard.clientUsedUp(l.addr, client)
}
