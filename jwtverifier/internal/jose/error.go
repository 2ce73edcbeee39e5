package jose

// Error is why a token is refused.
type Error string

func (e Error) Error() string { return string(e) }

// ErrMalformed is in the tree of the errors of [Parser.Parse].
const ErrMalformed Error = "malformed JWS"

// The errors of [KeySet.Verify].
const (
	ErrAlgorithm  Error = "the algorithm is not allowed, or not the key's"
	ErrUnknownKey Error = "no known key signed the token"
	ErrSignature  Error = "the signature is wrong"
	// ErrTooManyKeys is for a token that does not name its key.
	ErrTooManyKeys Error = "the token names no key, and more keys fit than are tried"
	// ErrKeysChanged is no fault of the token: with the new keys alone, it can be
	// verified.
	ErrKeysChanged Error = "the keys changed while the token was verified"
)
