package jwtverifier

import (
	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/internal/secretless"
)

// refusal is the error of a token that is refused: [bearergate.ErrInvalidToken] and a
// reason. Its text is made when it is read, since few are.
type refusal [2]error

func invalid(reason error) error { return &refusal{bearergate.ErrInvalidToken, reason} }

func (r *refusal) Error() string   { return r[0].Error() + ": " + r[1].Error() }
func (r *refusal) Unwrap() []error { return r[:] }

// Secretless implements [secretless.Refusal]. The reason quotes decoded parts of the
// header and the claims, of at most 128 bytes each. A whole token is longer than all
// that is decoded from it, so it is in none of them.
func (r *refusal) Secretless(secretless.Mark) {}

var _ secretless.Refusal = (*refusal)(nil)
