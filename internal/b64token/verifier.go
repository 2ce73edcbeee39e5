package b64token

// Verifier is embedded by a verifier that accepts only b64tokens, by the nature of
// its tokens, so that those that it accepted need not be looked at. The zero value
// vouches for nothing.
type Verifier struct{ self any }

// For returns what v embeds. v is a pointer.
func For(v any) Verifier { return Verifier{v} }

func (v Verifier) vouchedFor() any { return v.self }

// AcceptedOnlyBy reports whether v itself, and not one that embeds it or a copy of
// it, accepts only b64tokens: whoever embeds v may accept more.
func AcceptedOnlyBy(v any) bool {
	k, ok := v.(voucher)
	return ok && k.vouchedFor() == v
}

// IsZero reports whether v embeds a Verifier that no constructor set.
func IsZero(v any) bool {
	k, ok := v.(voucher)
	return ok && k.vouchedFor() == nil
}

type voucher interface{ vouchedFor() any }
