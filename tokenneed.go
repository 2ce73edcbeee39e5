package bearergate

import "fmt"

// tokenNeed is the need of a guard to know the caller.
type tokenNeed struct {
	unguarded error // no token guard ran: a wiring fault, which no client can help
	anonymous error // OptionalToken let an anonymous caller pass
}

func newTokenNeed(name string) tokenNeed {
	return tokenNeed{
		unguarded: ErrServerError.because(fmt.Errorf("bearergate: %s without RequireToken before it; put RequireToken outside of it", name)),
		anonymous: ErrInvalidToken.because(fmt.Errorf("the request carries no token, and %s needs one", name)),
	}
}

func (n *tokenNeed) check(s *state) error {
	switch {
	case s.token() != nil:
		return nil
	case s.caller().anonymous:
		return n.anonymous
	}
	return n.unguarded
}
