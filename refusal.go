package bearergate

import (
	"errors"
	"fmt"
	"time"
)

// Error is a refusal with details: those that the client sees, and, behind
// Unwrap, the private cause that only the program, its log and its [Observer]
// see. Without details, a [Code] is enough.
//
// A check refuses a request by returning one, as it is or wrapped with %w.
// [errors.Is] holds for its Code, such as [ErrGrantRevoked], and for every Error
// of the same Code.
type Error struct {
	Code Code
	// Required is the value of the body's "required" member: space-delimited
	// scopes. Only the answer to [ErrMissingScope] has one.
	Required string
	// RetryAfter is sent rounded up to whole seconds, at least 1. Only the
	// answers to [ErrRateLimited] and [ErrTemporarilyUnavailable] have one; zero
	// stands for 1 and 5 seconds.
	RetryAfter time.Duration

	cause         error
	routeScopes   string
	noCredentials bool
	guarded       bool
	schemes       *acceptedScheme // by which the token was sent, or could be
}

// Error returns the code and the private cause. It is for logs, not for clients.
func (e *Error) Error() string {
	switch {
	case e == nil:
		return "nil *bearergate.Error"
	case e.cause == nil:
		return string(e.Code)
	case errors.Is(e.cause, e.Code): // says the code itself
		return fmt.Sprint(e.cause)
	default:
		return fmt.Sprintf("%s: %v", e.Code, e.cause)
	}
}

// Unwrap returns the private cause, nil if there is none.
func (e *Error) Unwrap() error {
	if e == nil {
		return nil
	}
	return e.cause
}

// Is reports whether target is the code of e, or an *Error of that code.
func (e *Error) Is(target error) bool {
	if e == nil {
		return false
	}
	switch t := target.(type) {
	case Code:
		return t == e.Code
	case *Error:
		return t != nil && t.Code == e.Code
	}
	return false
}

func (e *Error) refusal() *Error {
	if e == nil {
		return nil
	}
	c := *e
	return &c
}

// refuser is what a check refuses with: a [Code], an [*Error], or a reason.
type refuser interface {
	error
	refusal() *Error // a copy
}

// errorFrom returns the refusal that err asks for, as a copy that is the
// caller's own: the first in the tree of err. Any other error is a fault of the
// server.
func errorFrom(err error) *Error {
	if err == nil {
		return ErrServerError.because(errors.New("bearergate: refused with a nil error")).refusal()
	}
	found := refuserIn(err)
	if found == nil {
		return ErrTemporarilyUnavailable.because(err).refusal()
	}
	e := found.refusal()
	if e == nil || e.Code.row() == nil {
		return ErrServerError.because(err).refusal()
	}
	switch err.(type) {
	case Code, *Error, *reason:
	default:
		e.cause = err
	}
	return e
}

// refuserIn returns the first in the tree of err, in the order of [errors.As], which
// takes several times as long to find an interface.
func refuserIn(err error) refuser {
	switch e := err.(type) {
	case refuser:
		return e
	case interface{ Unwrap() error }:
		return refuserIn(e.Unwrap())
	case interface{ Unwrap() []error }:
		for _, inner := range e.Unwrap() {
			if found := refuserIn(inner); found != nil {
				return found
			}
		}
	}
	return nil
}

func (c Code) refusal() *Error { return &Error{Code: c} }

// reason is a refusal with a private cause that nobody can change, so that one can
// serve many requests.
type reason struct {
	code          Code
	cause         error
	noCredentials bool
}

// because returns a refusal of this code with a private cause.
func (c Code) because(cause error) *reason { return &reason{code: c, cause: cause} }

func (r *reason) Error() string        { return r.refusal().Error() }
func (r *reason) Unwrap() error        { return r.cause }
func (r *reason) Is(target error) bool { return target == error(r.code) }

func (r *reason) refusal() *Error {
	return &Error{Code: r.code, cause: r.cause, noCredentials: r.noCredentials}
}
