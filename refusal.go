package bearergate

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Error is a refusal with details. The client sees the exported fields. Unwrap
// returns the private cause, which only the program, its log and its [Observer]
// see. Without details, a [Code] is enough.
//
// A check refuses a request by returning an Error, as it is or wrapped with %w.
// [errors.Is] reports true for its Code, such as [ErrGrantRevoked], and for every
// Error of the same Code.
type Error struct {
	Code Code
	// Required is the value of the body's "required" member: space-delimited
	// scopes. It is used by [ErrMissingScope] alone.
	Required string
	// RetryAfter is sent rounded up to whole seconds, at least 1. It is used by
	// [ErrRateLimited], with a default of 1 second, and by
	// [ErrTemporarilyUnavailable], with a default of 5 seconds.
	RetryAfter time.Duration

	cause         error
	routeScopes   string
	noCredentials bool
	guarded       bool
	schemes       *acceptedScheme // by which the token was sent, or could be
}

// Error returns the code, once, and the private cause. It is for logs, not for
// clients.
func (e *Error) Error() string {
	switch {
	case e == nil:
		return "nil *bearergate.Error"
	case e.cause == nil:
		return string(e.Code)
	}
	if text := withoutCode(fmt.Sprint(e.cause), e.Code); text != "" {
		return string(e.Code) + ": " + text
	}
	return string(e.Code)
}

// withoutCode returns the text of an error without the code, which is in it as
// often as errors of the code were wrapped or joined.
func withoutCode(text string, c Code) string {
	if !strings.Contains(text, string(c)) {
		return text
	}
	var lines []string
	for line := range strings.SplitSeq(text, "\n") {
		parts := slices.DeleteFunc(strings.Split(line, ": "), func(part string) bool { return part == string(c) })
		if len(parts) > 0 {
			lines = append(lines, strings.Join(parts, ": "))
		}
	}
	return strings.Join(lines, "\n")
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

// tokenless is a refusal of this package, with a cause of its own that never holds
// a token.
type tokenless interface{ tokenless() }

// refuser is an error that sets the answer: a [Code], an [*Error], a reason or a
// factual.
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
	case Code, *Error, tokenless:
	default:
		e.cause = err
	}
	return e
}

// refuserIn returns the first refuser in the tree of err, in the order of
// [errors.As]. That function needs several times as long to find an interface.
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

// reason is a refusal with a private cause. It is immutable, so that one value
// serves many requests.
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
func (r *reason) tokenless()           {}

func (r *reason) refusal() *Error {
	return &Error{Code: r.code, cause: r.cause, noCredentials: r.noCredentials}
}
