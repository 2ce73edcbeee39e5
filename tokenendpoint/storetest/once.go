package storetest

import (
	"sync"

	"github.com/bearergate/bearergate/tokenendpoint"
)

const racers = 100

func (s *suite) consumesWithoutRefreshToken() {
	sum := s.save(s.code("family"))
	s.consumes(sum, s.now, nil, tokenendpoint.Fresh)
	s.consumes(sum, s.now, nil, tokenendpoint.Used)
}

func (s *suite) consumesOnce() {
	sum := s.save(s.code("family"))
	firsts := s.tokens("family")
	outcomes := s.race(func(i int) (tokenendpoint.Outcome, error) {
		return s.store.Consume(s.Context(), sum, s.now, firsts[i])
	})
	s.oneIsFresh(outcomes, firsts)
	if code := s.hasCode(sum); !code.Used {
		s.Errorf("got a consumed code with Used %v, want true", code.Used)
	}
}

func (s *suite) rotatesOnce() {
	_, first := s.begin("family")
	successors := s.tokens("family")
	rotated := make([]tokenendpoint.RefreshToken, racers)
	outcomes := s.race(func(i int) (outcome tokenendpoint.Outcome, err error) {
		rotated[i], outcome, err = s.store.Rotate(s.Context(), first.Sum, s.now, sealed(i), *successors[i])
		return outcome, err
	})
	winner := s.oneIsFresh(outcomes, successors)
	for i, token := range append(rotated, s.hasToken(first.Sum, true)) {
		if i != winner {
			s.isRetired(token, sealed(winner))
		}
	}
	if living := s.hasToken(successors[winner].Sum, true); !living.RetiredAt.IsZero() {
		s.Errorf("got a successor that was retired at %v, want a living one", living.RetiredAt)
	}
}

func sealed(i int) [32]byte { return [32]byte{31: byte(i + 1)} }

func (s *suite) isRetired(token tokenendpoint.RefreshToken, successor [32]byte) {
	s.Helper()
	if !token.RetiredAt.Equal(s.now) || token.Successor != successor || token.Family != "family" {
		s.Fatalf("got the rotated token %+v, want it retired at %v with the Successor of the Fresh call", token, s.now)
	}
}

// tokens returns a token for each racer.
func (s *suite) tokens(family string) []*tokenendpoint.NewRefreshToken {
	tokens := make([]*tokenendpoint.NewRefreshToken, racers)
	for i := range tokens {
		tokens[i] = s.token(family)
	}
	return tokens
}

// race starts all racers at once and returns their outcomes.
func (s *suite) race(do func(i int) (tokenendpoint.Outcome, error)) []tokenendpoint.Outcome {
	outcomes := make([]tokenendpoint.Outcome, racers)
	var running sync.WaitGroup
	start := make(chan struct{})
	for i := range outcomes {
		running.Go(func() {
			<-start
			var err error
			if outcomes[i], err = do(i); err != nil {
				s.Errorf("got the error %v, want none", err)
			}
		})
	}
	close(start)
	running.Wait()
	return outcomes
}

// oneIsFresh tests that one call is Fresh, that all others are Used, and that only
// the token of the Fresh call was added. It returns the index of that call.
func (s *suite) oneIsFresh(outcomes []tokenendpoint.Outcome, added []*tokenendpoint.NewRefreshToken) int {
	s.Helper()
	winner := -1
	for i, outcome := range outcomes {
		switch {
		case outcome == tokenendpoint.Fresh && winner < 0:
			winner = i
		case outcome != tokenendpoint.Used:
			s.Fatalf("got the outcomes %v, want one Fresh and the others Used", outcomes)
		}
	}
	if winner < 0 {
		s.Fatalf("got the outcomes %v, want one Fresh", outcomes)
	}
	for i := range outcomes {
		s.hasToken(added[i].Sum, i == winner)
	}
	return winner
}
