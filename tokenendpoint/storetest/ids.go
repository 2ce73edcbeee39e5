package storetest

import (
	"fmt"

	"github.com/bearergate/bearergate/internal/hardids"
	"github.com/bearergate/bearergate/tokenendpoint"
)

// kept is a code that a store did not refuse, and its family.
type kept struct {
	sum    tokenendpoint.Sum
	code   tokenendpoint.AuthorizationCode
	family tokenendpoint.Family
}

// changesNoIDs stores codes and families with ids that are easily confused. Then it
// revokes every second grant.
func (s *suite) changesNoIDs() {
	var all []kept
	for i, id := range hardids.All() {
		k, err := s.storeID(id, fmt.Sprint("family-", i))
		switch {
		case err == nil:
			all = append(all, k)
		case !hardids.Refusable(id):
			s.Fatalf("got the error %v for the id %q, want none", err, id)
		}
	}
	for i, k := range all {
		s.isKept(k)
		if i%2 == 1 {
			s.must(s.store.RevokeGrant(s.Context(), k.code.GrantID))
		}
	}
	for i, k := range all {
		if i%2 == 0 {
			s.isKept(k)
		} else {
			s.hasNoFamily(k.family.FamilyID)
		}
	}
}

func (s *suite) storeID(id, family string) (kept, error) {
	k := kept{s.sum(), s.code(), s.family(family)}
	k.code.ClientID, k.code.GrantID, k.code.Subject, k.code.RedirectURI = id, id, id, id
	k.family.Authorization = k.code.Authorization
	k.family.FamilyID = family
	if err := s.store.SaveCode(s.Context(), k.sum, k.code); err != nil {
		return k, err
	}
	s.isSameCode(s.hasCode(k.sum), k.code)
	_, err := s.store.Consume(s.Context(), k.sum, s.now, k.family)
	k.code.Used, k.code.FamilyID = true, family
	return k, err
}

func (s *suite) isKept(k kept) {
	s.Helper()
	s.isSameCode(s.hasCode(k.sum), k.code)
	s.hasFamily(k.family)
}
