package bearergate

import (
	"fmt"
	"strings"

	"github.com/bearergate/bearergate/internal/quote"
)

// factual is a refusal of one request whose private cause is its facts: the
// requirement, and the findings. Their text is made when it is read, so that a refusal
// that is not logged formats nothing.
type factual[F fmt.Stringer] struct {
	answer Error // without cause
	facts  F
}

// becauseOf returns a refusal with this answer and these facts, which never hold
// a token.
func becauseOf[F fmt.Stringer](answer Error, facts F) error { return &factual[F]{answer, facts} }

func (f *factual[F]) Error() string        { return f.refusal().Error() }
func (f *factual[F]) Unwrap() error        { return (*factualCause[F])(f) }
func (f *factual[F]) Is(target error) bool { return target == error(f.answer.Code) }
func (f *factual[F]) tokenless()           {}

func (f *factual[F]) refusal() *Error {
	e := f.answer
	e.cause = f.Unwrap()
	return &e
}

// factualCause is the cause of a factual, in the same memory.
type factualCause[F fmt.Stringer] factual[F]

func (c *factualCause[F]) Error() string { return c.facts.String() }

// bounded cuts a text that came from outside.
func bounded(s string) string {
	if len(s) > quote.Max {
		return s[:quote.Max] + "…"
	}
	return s
}

// quotedScopes quotes scopes as one space-delimited list, or says that there are none.
func quotedScopes(scopes []string) string {
	if len(scopes) == 0 {
		return "none"
	}
	const enough = quote.Max + 1 // a scope has a byte at least
	return quote.Text(strings.Join(scopes[:min(len(scopes), enough)], " "))
}
