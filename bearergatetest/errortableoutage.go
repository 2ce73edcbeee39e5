package bearergatetest

import (
	"fmt"
	"maps"
	"slices"

	"github.com/bearergate/bearergate"
)

func (s *routeSuite) testOutages() {
	for _, name := range slices.Sorted(maps.Keys(s.Outages)) {
		s.try(probe{
			what: "a good token, during an outage of the " + name + ",", request: s.good(), outage: s.Outages[name],
			want: due{code: bearergate.ErrTemporarilyUnavailable}, guard: guardName(name),
			lacking: fmt.Sprintf("a guard of this route has to ask the %s, and refuse the request if it cannot", name),
		})
	}
}
