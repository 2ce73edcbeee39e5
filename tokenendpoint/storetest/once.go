package storetest

import (
	"fmt"
	"sync"

	"github.com/bearergate/bearergate/tokenendpoint"
)

const racers = 100

func (s *suite) consumesOnce() {
	sum := s.save(s.code())
	families := make([]tokenendpoint.Family, racers)
	outcomes := make([]tokenendpoint.Outcome, racers)
	for i := range families {
		families[i] = s.family(fmt.Sprint("family-", i))
	}
	s.race(func(i int) (err error) {
		outcomes[i], err = s.handle(i).Consume(s.Context(), sum, s.now, families[i])
		return err
	})
	winner := -1
	for i, outcome := range outcomes {
		switch {
		case outcome == tokenendpoint.Fresh && winner < 0:
			winner = i
			s.hasFamily(families[i])
		case outcome == tokenendpoint.Used:
			s.hasNoFamily(families[i].FamilyID)
		default:
			s.Fatalf("got the outcomes %v, want one Fresh and the others Used", outcomes)
		}
	}
	if winner < 0 {
		s.Fatalf("got the outcomes %v, want one Fresh", outcomes)
	}
	if code := s.hasCode(sum); !code.Used || code.FamilyID != families[winner].FamilyID {
		s.Errorf("got a consumed code with Used %v and FamilyID %q, want true and %q", code.Used, code.FamilyID, families[winner].FamilyID)
	}
}

func (s *suite) replacesOnce() {
	family := s.begin("family")
	for range 10 {
		nexts, replaced := make([]tokenendpoint.Family, racers), make([]bool, racers)
		for i := range nexts {
			nexts[i] = s.next(family)
		}
		s.race(func(i int) (err error) {
			replaced[i], err = s.handle(i).ReplaceFamily(s.Context(), nexts[i])
			return err
		})
		winners := 0
		for i, won := range replaced {
			if won {
				winners++
				family = nexts[i]
			}
		}
		if winners != 1 {
			s.Fatalf("got %d replaced versions, want 1", winners)
		}
		s.hasFamily(family)
	}
}

// race starts all racers at once and waits for them.
func (s *suite) race(do func(i int) error) {
	var running sync.WaitGroup
	start := make(chan struct{})
	for i := range racers {
		running.Go(func() {
			<-start
			if err := do(i); err != nil {
				s.Errorf("got the error %v, want none", err)
			}
		})
	}
	close(start)
	running.Wait()
}

func (s *suite) replacesNoOtherVersion() {
	family := s.begin("family")
	for range 3 {
		family = s.next(family)
		s.replaces(family, true)
	}
	for _, version := range []int64{-1, 0, 1, family.Version - 1, family.Version, family.Version + 2, family.Version + 100} {
		other := s.next(family)
		other.Version = version
		s.replaces(other, false)
		s.hasFamily(family)
	}
	s.replaces(s.next(family), true)
}

func (s *suite) replacesOneAlone() {
	family, other := s.begin("family"), s.begin("other")
	next := s.next(family)
	s.replaces(next, true)
	s.hasFamily(next)
	s.hasFamily(other)
}
