package bearergate

import (
	"fmt"
	"net/http"
)

// guard checks a request. It returns the state that the guards and the handler
// inside see, which is s if there is nothing to add, or an error if the request is
// refused.
type guard func(w http.ResponseWriter, r *http.Request, s *state) (*state, error)

func (g guard) middleware() Middleware {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			s := stateFrom(r.Context())
			s.record.deciding()
			inner, err := g(w, r, s)
			if err != nil {
				refuseGuarded(w, r, s, err)
				return
			}
			inner.record.passed(r, inner.token, inner.grant)
			if inner != s {
				r = r.WithContext(inner)
			}
			next.ServeHTTP(w, r)
		})
	}
}

func refuseGuarded(w http.ResponseWriter, r *http.Request, s *state, err error) {
	e := errorFrom(err)
	e.guarded = true
	refuse(w, r, s, e)
}

// behindToken returns a guard that needs the token.
func behindToken(name string, check guard) Middleware {
	need := newTokenNeed(name)
	return guard(func(w http.ResponseWriter, r *http.Request, s *state) (*state, error) {
		if err := need.check(s); err != nil {
			return nil, err
		}
		return check(w, r, s)
	}).middleware()
}

// nilOption returns the message with which a constructor panics at a nil option.
func nilOption(constructor, option string) string {
	return fmt.Sprintf("bearergate: %s was given a nil %s; leave it out", constructor, option)
}
