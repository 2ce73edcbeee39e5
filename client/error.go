package client

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/bearergate/bearergate"
)

// Error is an answer with a status of 400 or more. [errors.Is] reports true for its
// Code, such as [bearergate.ErrGrantRevoked].
//
// A server that calls another one may return an Error from a check or pass it to
// [bearergate.Refuse]: its own client gets 503, not the refusal of the other server.
type Error struct {
	// Status is the HTTP status of the answer.
	Status int
	// Code is the code of the error table. It is empty if the status is not the one
	// of the code, or if the body is not the documented JSON. An answer to HEAD has
	// no body; its code comes from its challenge.
	Code bearergate.Code
	// Required lists the missing scopes. It is empty after HEAD.
	Required []string
	// RetryAfter is how long to wait if the status is 429 or 503, at least a second.
	RetryAfter time.Duration
	// Action is the action of the code. If Code is empty, it is [Wait] for the
	// status 429 or 503 and [KeepConnection] for any other.
	Action Action

	note error
}

// Error returns a text with the status, the code and the missing scopes. It
// contains no other part of the answer.
func (e *Error) Error() string {
	text := "bearergate: answered " + strconv.Itoa(e.Status)
	if e.Code != "" {
		text += " " + string(e.Code)
	}
	if len(e.Required) > 0 {
		text += ", missing " + strings.Join(e.Required, " ")
	}
	if e.note != nil {
		text += ": " + e.note.Error()
	}
	return text
}

// Is reports whether target is the code of e.
func (e *Error) Is(target error) bool { return target == error(e.Code) }

// with returns e with an error that occurred while it was handled.
func (e *Error) with(err error) *Error {
	noted := *e
	noted.note = errors.Join(e.note, err)
	return &noted
}

// Unwrap returns an error that occurred while the answer was handled, or nil. The
// code is not part of the tree, so that a server does not repeat the refusal of
// another server as its own.
func (e *Error) Unwrap() error { return e.note }
