package opaquetest

import (
	"errors"
	"slices"
	"time"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/installation"
)

func (s *suite) findsClaims() {
	want := s.claims()
	s.saves([32]byte{1}, want)
	for range 2 {
		s.finds([32]byte{1}, want)
	}
}

// findsPartialClaims saves claims that each lack one field.
func (s *suite) findsPartialClaims() {
	for i, without := range []func(*bearergate.Claims){
		func(c *bearergate.Claims) { c.Type = bearergate.AccessToken },
		func(c *bearergate.Claims) { c.ProjectIDs = nil },
		func(c *bearergate.Claims) { c.Scopes = nil },
		func(c *bearergate.Claims) { c.Scopes = []string{} },
		func(c *bearergate.Claims) { c.Confirmation = nil },
		func(c *bearergate.Claims) { c.Confirmation = &bearergate.Confirmation{} },
		func(c *bearergate.Claims) { c.Confirmation.CertificateThumbprint = "" },
		func(c *bearergate.Claims) { c.InstallationID = "" },
		func(c *bearergate.Claims) { c.ID = "" },
		func(c *bearergate.Claims) { c.Subject, c.ClientID = "", "" },
		func(c *bearergate.Claims) { c.IssuedAt = time.Time{} },
		func(c *bearergate.Claims) { c.ExpiresAt = c.ExpiresAt.Add(time.Microsecond) },
		func(c *bearergate.Claims) { c.Audience = nil },
		func(c *bearergate.Claims) { c.Raw = "" },
	} {
		want, sum := s.claims(), [32]byte{byte(i)}
		without(&want)
		s.saves(sum, want)
		s.finds(sum, want)
	}
}

const prefix = "bi_oat_"

func (s *suite) verifiesIssuedTokens() {
	issue, verifier := installation.IssueOpaque(prefix, s.store.Save), bearergate.NewOpaqueVerifier(prefix, s.other.Lookup)
	claims := s.claims()
	text, err := issue(s.Context(), claims)
	if err != nil {
		s.Fatalf("issue: got the error %v, want a token", err)
	}
	token, err := verifier.VerifyToken(s.Context(), text)
	if err != nil {
		s.Fatalf("VerifyToken: got the error %v, want the token", err)
	}
	if got := token.Scopes(); !slices.Equal(got, claims.Scopes) {
		s.Errorf("got the scopes %q, want %q", got, claims.Scopes)
	}
	if _, err := verifier.VerifyToken(s.Context(), text+"x"); !errors.Is(err, bearergate.ErrInvalidToken) {
		s.Errorf("VerifyToken of another token: got the error %v, want %v", err, bearergate.ErrInvalidToken)
	}
}

// findsByWholeSum uses sums with bytes that text cannot hold.
func (s *suite) findsByWholeSum() {
	for _, sum := range [][32]byte{{}, {0: 0xff, 31: 0x80}, {15: 1}} {
		s.saves(sum, s.claims())
		s.finds(sum, s.claims())
		for i := range sum {
			other := sum
			other[i] ^= 0x20
			s.doesNotFind(other)
		}
	}
}

func (s *suite) letsNoTokenLiveLonger() {
	claims := s.claims()
	claims.ExpiresAt = s.now.Add(-bearergate.DefaultLeeway)
	text, err := installation.IssueOpaque(prefix, s.store.Save)(s.Context(), claims)
	if err != nil {
		s.Fatalf("issue: got the error %v, want a token", err)
	}
	if _, err := bearergate.NewOpaqueVerifier(prefix, s.other.Lookup).VerifyToken(s.Context(), text); !errors.Is(err, bearergate.ErrInvalidToken) {
		s.Errorf("VerifyToken of an expired token: got the error %v, want %v", err, bearergate.ErrInvalidToken)
	}
}

func (s *suite) sharesNoMemory() {
	given, want := s.claims(), s.claims()
	s.saves([32]byte{1}, given)
	given.Audience[0] = "another API"
	given.Scopes[0], given.ProjectIDs[0] = "admin", "another project"
	given.Confirmation.JWKThumbprint = "another key"
	s.finds([32]byte{1}, want)
}
