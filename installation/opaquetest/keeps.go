package opaquetest

import (
	"context"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/internal/hardids"
	"github.com/bearergate/bearergate/internal/secret"
	"github.com/bearergate/bearergate/internal/tokenid"
)

// changesNoIDs saves claims with ids that some stores change.
func (s *suite) changesNoIDs() {
	for i, id := range hardids.All() {
		want, sum := s.claims(), [32]byte{byte(i), byte(i >> 8)}
		want.ID, want.Subject, want.ClientID, want.GrantID, want.OrganizationID, want.InstallationID = id, id, id, id, id, id
		want.ProjectIDs = []string{id}
		switch err := s.store.Save(s.Context(), sum, want); {
		case err == nil:
			s.finds(sum, want)
		case hardids.Refusable(id):
			s.doesNotFind(sum)
		default:
			s.Fatalf("saving the id %q: got the error %v, want none", id, err)
		}
	}
}

func (s *suite) findsAllWhenOpened() {
	s.saves([32]byte{1}, s.claims())
	s.openAgain()
	s.finds([32]byte{1}, s.claims())
}

// keepsLivingTokens saves many tokens that have expired.
func (s *suite) keepsLivingTokens() {
	s.saves([32]byte{1}, s.claims())
	expired := s.claims()
	expired.ExpiresAt = s.now.Add(-2 * bearergate.DefaultLeeway)
	for n := range 200 {
		s.saves([32]byte{31: byte(n), 30: 1}, expired)
	}
	if store, ok := s.store.(interface{ Clean(context.Context) error }); ok {
		if err := store.Clean(s.Context()); err != nil {
			s.Errorf("Clean: got the error %v, want none", err)
		}
	}
	s.finds([32]byte{1}, s.claims())
}

// endsTokensOfFamily revokes one of two families of a grant.
func (s *suite) endsTokensOfFamily() {
	store, ok := s.store.(interface {
		RevokeFamily(ctx context.Context, family string) error
	})
	if !ok {
		s.Skip("the store has no method RevokeFamily(context.Context, string) error")
	}
	family := secret.New()
	tokens := map[[32]byte]bearergate.Claims{}
	for i, id := range []string{
		tokenid.ID{Family: family}.New(), tokenid.ID{Family: family, Generation: 12}.New(), // these end
		tokenid.ID{Family: secret.New()}.New(), family, "", "another id",
	} {
		claims, sum := s.claims(), [32]byte{byte(i)}
		claims.ID = id
		s.saves(sum, claims)
		tokens[sum] = claims
	}
	for range 2 {
		if err := store.RevokeFamily(s.Context(), family); err != nil {
			s.Errorf("RevokeFamily: got the error %v, want none", err)
		}
	}
	for sum, claims := range tokens {
		if sum[0] < 2 {
			s.doesNotFind(sum)
		} else {
			s.finds(sum, claims)
		}
	}
}
