package bearergate

import (
	"fmt"
	"net/http"
)

// guard checks a request. It returns the state that the guards and the handler
// inside see, which is s if there is nothing to add, or a refusal of its own.
type guard func(w http.ResponseWriter, r *http.Request, s *state) (*state, *Error)

func (g guard) middleware() Middleware {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			s := stateFrom(r.Context())
			s.record.deciding()
			inner, refusal := g(w, r, s)
			if refusal != nil {
				refuseGuarded(w, r, s, refusal)
				return
			}
			inner.record.passed(r, inner)
			if inner != s {
				r = inner.request
			}
			next.ServeHTTP(w, r)
		})
	}
}

// refuseGuarded answers with e, which is its own.
func refuseGuarded(w http.ResponseWriter, r *http.Request, s *state, e *Error) {
	e.guarded = true
	refuse(w, r, s, e)
}

// errorGuard is a guard that refuses with any error.
type errorGuard func(w http.ResponseWriter, r *http.Request, s *state) (*state, error)

func (g errorGuard) middleware() Middleware { return guard(g.refuse).middleware() }

// refuse is g as a guard.
func (g errorGuard) refuse(w http.ResponseWriter, r *http.Request, s *state) (*state, *Error) {
	inner, err := g(w, r, s)
	if err != nil {
		return nil, errorFrom(err)
	}
	return inner, nil
}

// behindToken returns a guard that needs the token.
func behindToken(name string, g errorGuard) Middleware {
	need := newTokenNeed(name)
	return guard(func(w http.ResponseWriter, r *http.Request, s *state) (*state, *Error) {
		if err := need.check(s); err != nil {
			return nil, errorFrom(err)
		}
		return g.refuse(w, r, s)
	}).middleware()
}

// nilOption returns the message with which a constructor panics at a nil option.
func nilOption(constructor, option string) string {
	return fmt.Sprintf("bearergate: %s was given a nil %s; leave it out", constructor, option)
}
