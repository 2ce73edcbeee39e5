package granttest

import (
	"errors"
	"reflect"
	"time"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/internal/hardids"
)

func grant(id string) bearergate.Grant {
	return bearergate.Grant{ID: id, OrganizationID: "acme", Scopes: []string{"b", "a"}, ProjectIDs: []string{"p2", "p1"}}
}

// has tests that the store has this grant.
func (s *suite) has(want bearergate.Grant) {
	s.Helper()
	for _, store := range []bearergate.GrantStore{s.store, s.other} {
		got, err := store.Grant(s.Context(), want.ID)
		if err != nil {
			s.Errorf("Grant(%q): got the error %v, want the grant", want.ID, err)
			continue
		}
		s.isSame(got, want)
	}
}

func (s *suite) isSame(got, want bearergate.Grant) {
	s.Helper()
	if got, want := normalized(got), normalized(want); !reflect.DeepEqual(got, want) {
		s.Errorf("Grant(%q): got %#v, want %#v", want.ID, got, want)
	}
}

// normalized returns a grant that is deeply equal to every equal grant: it ignores
// the locations of times and the difference between nil and empty ProjectIDs.
func normalized(g bearergate.Grant) bearergate.Grant {
	g.RevokedAt = time.UnixMicro(g.RevokedAt.UnixMicro()).UTC()
	if len(g.ProjectIDs) == 0 {
		g.ProjectIDs = nil
	}
	return g
}

// hasNot tests that the store returns an error that wraps ErrGrantNotFound, or perhaps
// another one for an id that it may refuse.
func (s *suite) hasNot(id string) {
	s.Helper()
	got, err := s.store.Grant(s.Context(), id)
	refused := err != nil && hardids.Refusable(id)
	if !errors.Is(err, bearergate.ErrGrantNotFound) && !refused {
		s.Errorf("Grant(%q): got %+v, %v, want %v", id, got, err, bearergate.ErrGrantNotFound)
	}
}
