package bearergate

import (
	"context"
	"net/http"
)

// ownRequest is a copy of a request, and the state that it carries, in one allocation.
type ownRequest struct {
	state   state
	request http.Request
}

// own returns a state to add a fact to, for a request with the state s. It is s itself
// if no one made a request of their own since s was made, and if the fact was not set
// before: so the guards of a chain share one copy of the request, which is most of
// what a guard costs. Otherwise it is that of a new copy, so that what others made of
// the request stays as it is, and a handler that is called twice starts anew.
func (s *state) own(r *http.Request, isSet bool) *state {
	if r == s.request && !isSet {
		return s
	}
	o := new(ownRequest)
	o.state.extend(r.Context(), s)
	o.state.request = &o.request
	o.request = *r.WithContext(&o.state) // inlined, so that its copy is not allocated
	return &o.state
}

// extend makes s the state of ctx, with the facts of outer.
func (s *state) extend(ctx context.Context, outer *state) {
	s.Context, s.settings, s.record = ctx, outer.settings, outer.record
	setOnce(&s.known, outer.known.Load())
	setOnce(&s.looked, outer.grant())
	setOnce(&s.limited, outer.failures())
	s.usedUpUntil = outer.usedUpUntil
}
