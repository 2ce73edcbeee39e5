package storetest

import (
	"crypto/sha256"
	"fmt"
	"time"

	"github.com/bearergate/bearergate/tokenendpoint"
)

const (
	clientID = "app-1"
	grantID  = "grant-1"
)

// sum returns a new sum.
func (s *suite) sum() tokenendpoint.Sum {
	s.sums++
	return sha256.Sum256(fmt.Append(nil, s.Name(), s.sums))
}

func authorization(family string) tokenendpoint.Authorization {
	return tokenendpoint.Authorization{ClientID: clientID, GrantID: grantID, Subject: "user-1", Scopes: []string{"a", "b"}, FamilyID: family}
}

func (s *suite) code() tokenendpoint.AuthorizationCode {
	return tokenendpoint.AuthorizationCode{
		Authorization: authorization(""), RedirectURI: "https://app.example/?a=b", Challenge: "challenge", ExpiresAt: s.now.Add(time.Hour),
	}
}

// family returns a new family.
func (s *suite) family(id string) tokenendpoint.Family {
	return tokenendpoint.Family{
		Authorization: authorization(id), Version: 1, Token: s.sum(),
		TokenExpiresAt: s.now.Add(time.Hour), ExpiresAt: s.now.Add(2 * time.Hour),
	}
}

// next returns the next version of a family, with a token that was rotated.
func (s *suite) next(f tokenendpoint.Family) tokenendpoint.Family {
	retired := tokenendpoint.RetiredToken{Token: f.Token, Successor: s.sum(), GraceEndsAt: s.now.Add(time.Minute), Reuses: 2}
	f.Retired = append([]tokenendpoint.RetiredToken{retired}, f.Retired...)
	f.Scopes = []string{"a", "b"}
	f.Version++
	f.Generation++
	f.Token = s.sum()
	return f
}

func (s *suite) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatalf("got the error %v, want none", err)
	}
}

// save stores a code and returns its sum.
func (s *suite) save(code tokenendpoint.AuthorizationCode) tokenendpoint.Sum {
	s.Helper()
	sum := s.sum()
	s.must(s.store.SaveCode(s.Context(), sum, code))
	return sum
}

// begin stores a code, consumes it, and returns the family.
func (s *suite) begin(id string) tokenendpoint.Family {
	s.Helper()
	family := s.family(id)
	s.consumes(s.save(s.code()), s.now, family, tokenendpoint.Fresh)
	return family
}

func (s *suite) consumes(code tokenendpoint.Sum, at time.Time, first tokenendpoint.Family, want tokenendpoint.Outcome) {
	s.Helper()
	got, err := s.store.Consume(s.Context(), code, at, first)
	if got != want || err != nil {
		s.Errorf("Consume: got %v, %v, want %v", got, err, want)
	}
}

func (s *suite) replaces(f tokenendpoint.Family, want bool) {
	s.Helper()
	got, err := s.store.ReplaceFamily(s.Context(), f)
	if got != want || err != nil {
		s.Errorf("ReplaceFamily with version %d: got %v, %v, want %v", f.Version, got, err, want)
	}
}

func (s *suite) hasCode(sum tokenendpoint.Sum) tokenendpoint.AuthorizationCode {
	s.Helper()
	code, found, err := s.other.Code(s.Context(), sum)
	s.must(err)
	if !found {
		s.Errorf("Code: got none, want the code")
	}
	return code
}

// hasFamily tests that the store has this family, as it is.
func (s *suite) hasFamily(want tokenendpoint.Family) {
	s.Helper()
	for i := range 2 {
		got, found, err := s.handle(i).Family(s.Context(), want.FamilyID)
		s.must(err)
		if !found {
			s.Fatalf("Family: got none, want %s", want.FamilyID)
		}
		s.isSame(got, want)
	}
}

func (s *suite) hasNoFamily(id string) {
	s.Helper()
	for i := range 2 {
		got, found, err := s.handle(i).Family(s.Context(), id)
		s.must(err)
		if found {
			s.Errorf("Family: got %+v, want none", got)
		}
	}
}
