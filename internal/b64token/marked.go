package b64token

import "reflect"

// Marked is embedded in a verifier type V whose constructor declares, with [Mark],
// that the verifier accepts only b64tokens. Embed it under an unexported name.
//
// The mark is on the one value that the constructor marked. A type that embeds a
// V has the mark's method too, and may verify tokens in another way, so it is not
// marked; neither is a copy.
type Marked[V any] struct{ value *V }

// Mark marks v. The constructor of v calls it with the m that is embedded in v.
func Mark[V any](m *Marked[V], v *V) { m.value = v }

// AcceptedOnlyBy reports whether v was marked.
func AcceptedOnlyBy(v any) bool { return stateOf(v) == accepted }

// Unmade reports whether v is a nil or zero value of a type whose constructor marks
// its values.
func Unmade(v any) bool { return stateOf(v) == unmade }

type state int

const (
	unknown state = iota // v is of another type, or a copy
	unmade
	accepted
)

type marked interface{ state(v any) state }

func (m *Marked[V]) state(v any) state {
	value, ok := v.(*V)
	switch {
	case !ok:
		return unknown
	case m.value == nil:
		return unmade
	case m.value == value:
		return accepted
	}
	return unknown
}

func stateOf(v any) (s state) {
	m, ok := v.(marked)
	if !ok {
		return unknown
	}
	if p := reflect.ValueOf(v); p.Kind() == reflect.Pointer && p.IsNil() {
		return unmade
	}
	defer func() { _ = recover() }() // v embeds a nil pointer to a verifier
	return m.state(v)
}
