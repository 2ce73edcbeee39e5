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
	return tokenendpoint.Authorization{ClientID: clientID, GrantID: grantID, Subject: "user-1", Scopes: []string{"a", "b"}, Family: family}
}

func (s *suite) code(family string) tokenendpoint.AuthorizationCode {
	return tokenendpoint.AuthorizationCode{
		Authorization: authorization(family), RedirectURI: "https://app.example/?a=b", Challenge: "challenge", ExpiresAt: s.now.Add(time.Hour),
	}
}

func (s *suite) token(family string) *tokenendpoint.NewRefreshToken {
	return &tokenendpoint.NewRefreshToken{
		Sum: s.sum(), RefreshToken: tokenendpoint.RefreshToken{Authorization: authorization(family), ExpiresAt: s.now.Add(time.Hour)},
	}
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

// begin stores a code, consumes it, and returns it with the first token of its
// family.
func (s *suite) begin(family string) (tokenendpoint.Sum, *tokenendpoint.NewRefreshToken) {
	s.Helper()
	sum, first := s.save(s.code(family)), s.token(family)
	s.consumes(sum, s.now, first, tokenendpoint.Fresh)
	return sum, first
}

func (s *suite) consumes(code tokenendpoint.Sum, at time.Time, first *tokenendpoint.NewRefreshToken, want tokenendpoint.Outcome) {
	s.Helper()
	got, err := s.store.Consume(s.Context(), code, at, first)
	if got != want || err != nil {
		s.Errorf("Consume: got %v, %v, want %v", got, err, want)
	}
}

func (s *suite) rotates(token tokenendpoint.Sum, at time.Time, successor *tokenendpoint.NewRefreshToken, want tokenendpoint.Outcome) {
	s.Helper()
	_, got, err := s.store.Rotate(s.Context(), token, at, [32]byte{1}, *successor)
	if got != want || err != nil {
		s.Errorf("Rotate: got %v, %v, want %v", got, err, want)
	}
}

// rotate retires a living token and returns its successor.
func (s *suite) rotate(token tokenendpoint.Sum, family string) *tokenendpoint.NewRefreshToken {
	s.Helper()
	successor := s.token(family)
	s.rotates(token, s.now, successor, tokenendpoint.Fresh)
	return successor
}

func (s *suite) hasCode(sum tokenendpoint.Sum) tokenendpoint.AuthorizationCode {
	s.Helper()
	code, found, err := s.store.Code(s.Context(), sum)
	s.must(err)
	if !found {
		s.Errorf("Code: got none, want the code")
	}
	return code
}

func (s *suite) hasToken(sum tokenendpoint.Sum, want bool) tokenendpoint.RefreshToken {
	s.Helper()
	token, found, err := s.store.RefreshToken(s.Context(), sum)
	s.must(err)
	if found != want {
		s.Errorf("RefreshToken: got found %v, want %v", found, want)
	}
	return token
}
