package granttest

import (
	"errors"
	"reflect"
	"time"

	"github.com/bearergate/bearergate"
)

func grant(id string) bearergate.Grant {
	return bearergate.Grant{ID: id, OrganizationID: "acme", Scopes: []string{"b", "a"}, ProjectIDs: []string{"p2", "p1"}}
}

// has wants the store to have this grant.
func (s *suite) has(want bearergate.Grant) {
	s.Helper()
	got, err := s.store.Grant(s.Context(), want.ID)
	if err != nil {
		s.Errorf("Grant(%q): got the error %v, want the grant", want.ID, err)
		return
	}
	s.isSame(got, want)
}

func (s *suite) isSame(got, want bearergate.Grant) {
	s.Helper()
	if got, want := normalized(got), normalized(want); !reflect.DeepEqual(got, want) {
		s.Errorf("Grant(%q): got %#v, want %#v", want.ID, got, want)
	}
}

// normalized returns a grant of which those that are equal are deeply equal: in
// which location a time is, and whether no projects are nil, is no matter.
func normalized(g bearergate.Grant) bearergate.Grant {
	if g.RevokedAt = g.RevokedAt.UTC(); !g.RevokedAt.IsZero() {
		g.RevokedAt = time.Unix(g.RevokedAt.Unix(), 0).UTC()
	}
	if len(g.ProjectIDs) == 0 {
		g.ProjectIDs = nil
	}
	return g
}

// hasNot wants the store to return an error with ErrGrantNotFound in its tree.
func (s *suite) hasNot(id string) {
	s.Helper()
	if got, err := s.store.Grant(s.Context(), id); !errors.Is(err, bearergate.ErrGrantNotFound) {
		s.Errorf("Grant(%q): got %+v, %v, want %v", id, got, err, bearergate.ErrGrantNotFound)
	}
}
