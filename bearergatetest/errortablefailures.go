package bearergatetest

import (
	"fmt"

	"github.com/bearergate/bearergate"
)

const lacksFailures = "the API lacks LimitFailedAuthentication(limiter) around its routes"

// testFailures sends bad tokens from one address.
func (s *routeSuite) testFailures() {
	if s.Failures == 0 || s.asSecond {
		return
	}
	good := s.good()
	good.address = address()
	bad, none := good, good
	bad.authorization, none.authorization = bearer("unknown-"+callerRun), nil
	for range s.Failures + 1 {
		s.send(none) // costs nothing
	}
	for n := range s.Failures {
		switch s.send(bad).code() {
		case bearergate.ErrInvalidToken:
		case bearergate.ErrRateLimited:
			s.report(fmt.Sprintf("bad token %d of an address", n+1), fault{fmt.Sprintf("%s, want %d to be answered 401", rateLimited, s.Failures),
				"Routes.Failures is not the budget of the API's limiter, or requests without a token are charged"})
			return
		default:
			return // and reported before
		}
	}
	if s.try(probe{what: fmt.Sprintf("bad token %d of an address", s.Failures+1), request: bad, want: rateLimited, guard: failuresGuard, lacking: lacksFailures}) {
		s.try(probe{what: "a token from an address that guessed too often", request: good, want: rateLimited, guard: failuresGuard, lacking: lacksFailures})
	}
}
