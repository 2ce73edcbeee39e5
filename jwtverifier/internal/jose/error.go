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
)
