package bearergate

import (
	"fmt"
	"net/http"
)

// guard checks a request. It returns the visit that the guards and the handler inside
// see, which is v if there is nothing to add, or a refusal of its own.
type guard func(w http.ResponseWriter, r *http.Request, v visit) (visit, *Error)

func (g guard) middleware() Middleware {
	return func(next http.Handler) http.Handler { return &guardHandler{g, next} }
}

// guardHandler is a guard in front of a handler.
type guardHandler struct {
	guard guard
	next  http.Handler
}

func (h *guardHandler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.serve(w, r, visit{stateFrom(r.Context()), false})
}

func (h *guardHandler) serve(w http.ResponseWriter, r *http.Request, v visit) {
	v.record.deciding()
	inner, refusal := h.guard(w, r, v)
	if refusal != nil {
		refuseGuarded(w, r, v.state, refusal)
		return
	}
	inner.record.passed(r, inner.state)
	if inner.state != v.state {
		r = inner.request
	}
	inner.pass(h.next, w, r)
}

// pass passes a request on with its state. If the next handler is a guard, nobody stands
// in between, and the state may be added to.
func (v visit) pass(next http.Handler, w http.ResponseWriter, r *http.Request) {
	if g, ok := next.(*guardHandler); ok {
		g.serve(w, r, v)
		return
	}
	next.ServeHTTP(w, r)
}

// refuseGuarded answers with e, which is its own.
func refuseGuarded(w http.ResponseWriter, r *http.Request, s *state, e *Error) {
	e.guarded = true
	refuse(w, r, s, e)
}

// errorGuard is a guard that refuses with any error.
type errorGuard func(w http.ResponseWriter, r *http.Request, v visit) (visit, error)

func (g errorGuard) middleware() Middleware { return guard(g.refuse).middleware() }

// refuse is g as a guard.
func (g errorGuard) refuse(w http.ResponseWriter, r *http.Request, v visit) (visit, *Error) {
	inner, err := g(w, r, v)
	if err != nil {
		return visit{}, errorFrom(err)
	}
	return inner, nil
}

// behindToken returns a guard that needs the token.
func behindToken(name string, g errorGuard) Middleware {
	need := newTokenNeed(name)
	return guard(func(w http.ResponseWriter, r *http.Request, v visit) (visit, *Error) {
		if err := need.check(v.state); err != nil {
			return visit{}, errorFrom(err)
		}
		return g.refuse(w, r, v)
	}).middleware()
}

// nilOption returns the message with which a constructor panics at a nil option.
func nilOption(constructor, option string) string {
	return fmt.Sprintf("bearergate: %s was given a nil %s; leave it out", constructor, option)
}
