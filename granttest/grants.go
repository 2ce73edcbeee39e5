package granttest

import (
	"strings"
	"time"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/internal/hardids"
)

func (s *suite) returnsGrants() {
	for _, want := range []bearergate.Grant{
		grant("grant-1"),
		{ID: "grant-2", OrganizationID: "umbrella"},
		{ID: "grant-3", OrganizationID: "acme", Scopes: []string{"<&>'", "a:b"}},
		{ID: "grant-4", OrganizationID: "acme", ProjectIDs: []string{"a project, with a comma", `"quoted"`, "ü"}},
	} {
		s.put(want)
		for range 2 {
			s.has(want)
		}
	}
}

// returnsRevokedGrants also puts a grant that is revoked in the future.
func (s *suite) returnsRevokedGrants() {
	for id, at := range map[string]time.Time{
		"now": s.now, "long ago": time.Unix(1, 0), "to come": s.now.AddDate(1, 0, 0), "a microsecond later": s.now.Add(time.Microsecond),
	} {
		want := grant(id)
		want.RevokedAt = at
		s.put(want)
		s.has(want)
	}
}

// keepsNoScopesApart tests that empty scopes do not become nil scopes, which bound
// nothing.
func (s *suite) keepsNoScopesApart() {
	none, unbounded := grant("none"), grant("unbounded")
	none.Scopes, unbounded.Scopes = []string{}, nil
	s.put(none)
	s.put(unbounded)
	s.has(none)
	s.has(unbounded)
}

func (s *suite) returnsLastGrant() {
	revoked := grant("grant-1")
	revoked.RevokedAt = s.now
	for _, want := range []bearergate.Grant{grant("grant-1"), {ID: "grant-1", OrganizationID: "umbrella"}, revoked} {
		s.put(want)
		s.has(want)
	}
}

func (s *suite) doesNotKnowOthers() {
	s.hasNot("grant-1")
	s.put(grant("grant-1"))
	for _, other := range []string{
		"", "grant-2", "grant-", "grant-1 ", " grant-1", "GRANT-1", "grant-1\x00", "grant-1\n", "grant_1", "grant%", "*", "grant-1' OR '1'='1", "../grant-1",
		strings.Repeat("x", 4096),
	} {
		s.hasNot(other)
	}
}

// findsIDsByteForByte puts grants whose ids are easily confused.
func (s *suite) findsIDsByteForByte() {
	var all []bearergate.Grant
	for _, id := range hardids.All() {
		g := grant(id)
		g.OrganizationID = "acme-" + id
		switch err := s.tryPut(g); {
		case err == nil:
			all = append(all, g)
		case !hardids.Refusable(id):
			s.Fatalf("putting the grant %q: got the error %v, want none", id, err)
		default:
			s.hasNot(id)
		}
	}
	for _, g := range all {
		s.has(g)
	}
}

func (s *suite) keepsAllWhenOpened() {
	want := grant("grant-1")
	s.put(want)
	s.store, s.other = s.open(), s.open()
	s.has(want)
}

func (s *suite) sharesNoSlices() {
	given := grant("grant-1")
	s.put(given)
	spoil(given)
	for range 2 {
		got, err := s.store.Grant(s.Context(), "grant-1")
		if err != nil {
			s.Fatalf("got the error %v, want the grant", err)
		}
		s.isSame(got, grant("grant-1"))
		spoil(got)
	}
}

// spoil changes slices, as their owner may.
func spoil(g bearergate.Grant) {
	for _, slice := range [][]string{g.Scopes, g.ProjectIDs} {
		for i := range slice {
			slice[i] = "changed by a caller"
		}
	}
}
