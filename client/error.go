package client

import (
	"strconv"
	"strings"
	"time"

	"github.com/bearergate/bearergate"
)

// Error is an answer of 400 or more. [errors.Is] holds for its Code, such as
// [bearergate.ErrGrantRevoked].
//
// A server that calls another one may return an Error from a check or pass it to
// [bearergate.Refuse]: its own client gets 503, not the refusal of the other server.
type Error struct {
	// Status is the status of the answer.
	Status int
	// Code is empty if the answer is not one of the error table: if the status is not
	// that of the code, or the body is not the documented JSON. An answer to HEAD has
	// no body; its code is that of its challenge.
	Code bearergate.Code
	// Required are the scopes that are missing. It is empty after HEAD.
	Required []string
	// RetryAfter is how long to wait if the status is 429 or 503, at least a second.
	RetryAfter time.Duration
	// Action is what to do. Without a code it is [Wait] for the status 429 and 503,
	// and [KeepConnection] for any other.
	Action Action

	note error
}

// Error returns the status, the code and the missing scopes. It contains no other
// part of the answer.
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

// Unwrap returns an error that occurred while the answer was handled, nil if there
// was none. The code is not part of the tree, so that a server does not repeat the
// refusal of another one as its own.
func (e *Error) Unwrap() error { return e.note }
