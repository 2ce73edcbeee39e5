package opaquetest

import (
	"errors"
	"reflect"
	"time"

	"github.com/bearergate/bearergate"
)

func (s *suite) claims() bearergate.Claims {
	return bearergate.Claims{
		Type: bearergate.InstallationToken, Issuer: "https://auth.example", Audience: []string{"b", "a"}, ID: "family.1.id", Subject: "user-1", ClientID: "app-1",
		GrantID: "grant-1", OrganizationID: "acme", InstallationID: "installation-1",
		ProjectIDs: []string{"p2", "p1"}, Scopes: []string{"b", "a", "<&>'"},
		IssuedAt: s.now, ExpiresAt: s.now.Add(time.Hour),
		Confirmation: &bearergate.Confirmation{JWKThumbprint: "jkt", CertificateThumbprint: "x5t"},
		Raw:          `{"plan":"pro"}`,
	}
}

func (s *suite) saves(sum [32]byte, c bearergate.Claims) {
	s.Helper()
	if err := s.store.Save(s.Context(), sum, c); err != nil {
		s.Fatalf("save: got the error %v, want none", err)
	}
}

func (s *suite) finds(sum [32]byte, want bearergate.Claims) {
	s.Helper()
	got, err := s.other.Lookup(s.Context(), sum)
	if err != nil {
		s.Fatalf("lookup: got the error %v, want the claims", err)
	}
	s.isSame(got, want)
}

func (s *suite) isSame(got, want bearergate.Claims) {
	s.Helper()
	if got, want := normalized(got), normalized(want); !reflect.DeepEqual(got, want) {
		s.Errorf("lookup: got the claims %+v, want %+v", got, want)
	}
}

// normalized returns claims that are deeply equal to all equal claims: it ignores
// the locations of times and the difference between nil and empty slices.
func normalized(c bearergate.Claims) bearergate.Claims {
	c.IssuedAt, c.ExpiresAt = inUTC(c.IssuedAt), inUTC(c.ExpiresAt)
	if len(c.Scopes) == 0 {
		c.Scopes = nil
	}
	if len(c.Audience) == 0 {
		c.Audience = nil
	}
	if len(c.ProjectIDs) == 0 {
		c.ProjectIDs = nil
	}
	return c
}

func inUTC(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return time.UnixMicro(t.UnixMicro()).UTC()
}

func (s *suite) doesNotFind(sum [32]byte) {
	s.Helper()
	if got, err := s.other.Lookup(s.Context(), sum); !errors.Is(err, bearergate.ErrInvalidToken) {
		s.Errorf("lookup of an unknown sum: got %+v, %v, want %v", got, err, bearergate.ErrInvalidToken)
	}
}
