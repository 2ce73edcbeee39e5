package storetest

import (
	"math"
	"reflect"
	"slices"
	"time"

	"github.com/bearergate/bearergate/tokenendpoint"
)

func (s *suite) keepsCodes() {
	want := s.code()
	sum := s.save(want)
	s.isSameCode(s.hasCode(sum), want)
	family := s.family("family")
	s.consumes(sum, s.now, family, tokenendpoint.Fresh)
	want.Used, want.FamilyID = true, family.FamilyID
	s.isSameCode(s.hasCode(sum), want)
}

// keepsPartialCodes saves codes that each lack a field.
func (s *suite) keepsPartialCodes() {
	for _, change := range []func(*tokenendpoint.AuthorizationCode){
		func(c *tokenendpoint.AuthorizationCode) { c.Scopes = nil },
		func(c *tokenendpoint.AuthorizationCode) { c.Scopes = []string{} },
		func(c *tokenendpoint.AuthorizationCode) { c.RedirectURI = "" },
		func(c *tokenendpoint.AuthorizationCode) { c.Challenge = "" },
		func(c *tokenendpoint.AuthorizationCode) { c.GrantID = "" },
		func(c *tokenendpoint.AuthorizationCode) { c.ClientID, c.Subject = "", "" },
		func(c *tokenendpoint.AuthorizationCode) { c.ExpiresAt = c.ExpiresAt.Add(time.Microsecond) },
	} {
		want := s.code()
		change(&want)
		s.isSameCode(s.hasCode(s.save(want)), want)
	}
}

// keepsAllWhenOpened opens the store a third time.
func (s *suite) keepsAllWhenOpened() {
	code, family := s.save(s.code()), s.next(s.begin("family"))
	s.replaces(family, true)
	s.store, s.other = s.open(), s.open()
	s.isSameCode(s.hasCode(code), s.code())
	s.hasFamily(family)
	s.consumes(code, s.now, s.family("another"), tokenendpoint.Fresh)
}

func (s *suite) isSameCode(got, want tokenendpoint.AuthorizationCode) {
	s.Helper()
	got.ExpiresAt = inLocationOf(want.ExpiresAt, got.ExpiresAt)
	if len(got.Scopes)+len(want.Scopes) == 0 {
		got.Scopes = want.Scopes
	}
	if !reflect.DeepEqual(got, want) {
		s.Errorf("got the code %+v, want %+v", got, want)
	}
}

func (s *suite) keepsFamilies() {
	family := s.begin("family")
	s.hasFamily(family)
	for range 3 {
		family = s.next(family)
		s.replaces(family, true)
		s.hasFamily(family)
	}
}

// keepsPartialFamilies changes a field of each version.
func (s *suite) keepsPartialFamilies() {
	family := s.begin("family")
	for _, change := range []func(*tokenendpoint.Family){
		func(f *tokenendpoint.Family) { f.Used = true },
		func(f *tokenendpoint.Family) { f.Retired = nil },
		func(f *tokenendpoint.Family) { f.Retired = slices.Repeat(f.Retired, 16) },
		func(f *tokenendpoint.Family) { f.Generation = math.MaxInt32 + 1 },
		func(f *tokenendpoint.Family) { f.TokenExpiresAt = f.TokenExpiresAt.Add(time.Microsecond) },
		func(f *tokenendpoint.Family) { f.ExpiresAt = f.ExpiresAt.Add(time.Microsecond) },
		func(f *tokenendpoint.Family) { f.TokenExpiresAt = time.Time{} },
		func(f *tokenendpoint.Family) { f.Retired[0].Successor = [32]byte{} },
		func(f *tokenendpoint.Family) { f.Scopes = nil },
		func(f *tokenendpoint.Family) { f.Used, f.Token, f.Revoked = false, tokenendpoint.Sum{}, true },
	} {
		family = s.next(family)
		change(&family)
		s.replaces(family, true)
		s.hasFamily(family)
	}
}

func (s *suite) isSame(got, want tokenendpoint.Family) {
	s.Helper()
	got.TokenExpiresAt, got.ExpiresAt = inLocationOf(want.TokenExpiresAt, got.TokenExpiresAt), inLocationOf(want.ExpiresAt, got.ExpiresAt)
	for i := range min(len(got.Retired), len(want.Retired)) {
		got.Retired[i].GraceEndsAt = inLocationOf(want.Retired[i].GraceEndsAt, got.Retired[i].GraceEndsAt)
	}
	if len(got.Retired)+len(want.Retired) == 0 {
		got.Retired = want.Retired
	}
	if len(got.Scopes)+len(want.Scopes) == 0 {
		got.Scopes = want.Scopes
	}
	if !reflect.DeepEqual(got, want) {
		s.Errorf("got the family %+v, want %+v", got, want)
	}
}

// inLocationOf returns want if got is the same instant, perhaps in another
// location, and otherwise got.
func inLocationOf(want, got time.Time) time.Time {
	if got.Equal(want) {
		return want
	}
	return got
}

// spoil changes a slice, as its owner may.
func spoil(a tokenendpoint.Authorization) {
	for i := range a.Scopes {
		a.Scopes[i] = "changed by a caller"
	}
}

func spoilFamily(f tokenendpoint.Family) {
	spoil(f.Authorization)
	clear(f.Retired)
}

func (s *suite) sharesNoSlicesOfCodes() {
	given := s.code()
	sum := s.save(given)
	spoil(given.Authorization)
	for range 2 {
		got := s.hasCode(sum)
		s.isSameCode(got, s.code())
		spoil(got.Authorization)
	}
}

func (s *suite) sharesNoSlicesOfFamilies() {
	for i := range 2 {
		given := s.next(s.family([]string{"consumed", "replaced"}[i]))
		given.Version = 1
		want := copied(given)
		s.consumes(s.save(s.code()), s.now, given, tokenendpoint.Fresh)
		if i == 1 {
			given = s.next(copied(given))
			want = copied(given)
			s.replaces(given, true)
		}
		spoilFamily(given)
		for range 2 {
			s.hasFamily(want)
			got, _, err := s.store.Family(s.Context(), want.FamilyID)
			s.must(err)
			spoilFamily(got)
		}
	}
}

func copied(f tokenendpoint.Family) tokenendpoint.Family {
	f.Scopes, f.Retired = slices.Clone(f.Scopes), slices.Clone(f.Retired)
	return f
}

func (s *suite) doesNotKnowOtherKeys() {
	code, family := s.save(s.code()), s.begin("Family_-9")
	for i := range code {
		other := code
		other[i] ^= 0x20
		if _, found, err := s.store.Code(s.Context(), other); found || err != nil {
			s.Errorf("Code of an unknown sum: got found %v, %v, want false", found, err)
		}
		s.consumes(other, s.now, s.family("other"), tokenendpoint.Unknown)
	}
	for _, id := range []string{"", "family_-9", "FAMILY_-9", "Family_-", "Family_-99", "Family%-9", "Family_-9 ", " Family_-9", "other"} {
		s.hasNoFamily(id)
		next := s.next(family)
		next.FamilyID = id
		s.replaces(next, false)
		s.hasNoFamily(id)
	}
	s.hasFamily(family)
}
