package jose

import "fmt"

// Error is the reason for which a token is rejected.
type Error string

func (e Error) Error() string { return string(e) }

// ErrMalformed is wrapped by the errors of [Parser.Parse].
const ErrMalformed Error = "malformed JWS"

// malformed says why a token is rejected before its keys are looked for.
type malformed string

func (m malformed) Error() string { return string(ErrMalformed) + ": " + string(m) }
func (m malformed) Unwrap() error { return ErrMalformed }

// segments is the number of segments of a token that has not three.
type segments int

func (n segments) Error() string {
	const encrypted = 5 // RFC 7516 section 3.1
	if n == encrypted {
		return fmt.Sprintf("%v: %d segments and not three, so the token is encrypted (JWE)", ErrMalformed, int(n))
	}
	return fmt.Sprintf("%v: %d segments and not three", ErrMalformed, int(n))
}

func (segments) Unwrap() error { return ErrMalformed }

// headerError is the error of a header's JSON.
type headerError struct{ cause error }

func (e *headerError) Error() string { return "header: " + e.cause.Error() }
func (e *headerError) Unwrap() error { return e.cause }

// The errors of [KeySet.Verify].
const (
	ErrAlgorithm  Error = "the algorithm is not allowed, or does not fit the key"
	ErrUnknownKey Error = "no known key signed the token"
	ErrSignature  Error = "the signature is wrong"
	// ErrExcluded is the error for an algorithm that the verifier leaves out.
	ErrExcluded Error = "the algorithm is not accepted here"
	// ErrTooLarge is the error for a token whose key exceeds [Signed.MaxRSABits].
	ErrTooLarge Error = "the RSA key has more bits than are accepted here"
	// ErrTooManyKeys is the error for a token that names no key, if more than four
	// keys fit.
	ErrTooManyKeys Error = "the token names no key, and more keys fit than are tried"
	// ErrKeysChanged is not a fault of the token: with only the new keys, it can be
	// verified.
	ErrKeysChanged Error = "the keys changed while the token was verified"
)
