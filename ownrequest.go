package bearergate

import (
	"context"
	"net/http"
)

// visit is the state of a request on its way through guards that stand next to each
// other.
type visit struct {
	*state
	// mine reports that the state was made by one of these guards, and that no handler
	// has it.
	mine bool
}

// own returns a visit to add a fact to. So that the guards of a chain share one copy of
// the request, which is most of what a guard costs, it is v itself if the state is
// theirs and the fact was not set before. Otherwise it has a new copy.
func (v visit) own(r *http.Request, isSet bool) visit {
	if v.mine && !isSet {
		return v
	}
	o := new(ownRequest)
	o.state.extend(r.Context(), v.state)
	o.state.request = &o.request
	o.request = *r.WithContext(&o.state) // inlined, so that its copy is not allocated
	return visit{&o.state, true}
}

// limitValues returns an array for the values of two fields of one response.
func (v visit) limitValues() *[2]string {
	if v.mine && v.limitFields[0] == "" {
		return &v.limitFields
	}
	return new([2]string)
}

// ownRequest is a copy of a request, and the state that it carries, in one allocation.
type ownRequest struct {
	state   state
	request http.Request
}

// extend makes s the state of ctx, with the facts of outer.
func (s *state) extend(ctx context.Context, outer *state) {
	s.Context, s.settings, s.record = ctx, outer.settings, outer.record
	update(&s.known, outer.known.Load())
	update(&s.looked, outer.grant())
	update(&s.limited, outer.failures())
	s.usedUpUntil = outer.usedUpUntil
}
