// Package records makes the codes and families that tests store.
package records

import (
	"crypto/rand"
	"crypto/sha256"
	"time"

	"github.com/bearergate/bearergate/tokenendpoint"
)

// NewSum returns a sum that no other code or token has.
func NewSum() tokenendpoint.Sum { return sha256.Sum256([]byte(rand.Text())) }

// NewCode returns an unused code of the grant.
func NewCode(grantID string) tokenendpoint.AuthorizationCode {
	return tokenendpoint.AuthorizationCode{
		Authorization: tokenendpoint.Authorization{ClientID: "app", GrantID: grantID, Subject: "user", Scopes: []string{"a"}},
		ExpiresAt:     time.Now().Add(time.Hour),
	}
}

// NewFamily returns the first version of a family of the grant.
func NewFamily(grantID, id string) tokenendpoint.Family {
	return tokenendpoint.Family{
		Authorization: tokenendpoint.Authorization{ClientID: "app", GrantID: grantID, Subject: "user", Scopes: []string{"a"}, FamilyID: id},
		Version:       1, Token: NewSum(), TokenExpiresAt: time.Now().Add(time.Hour), ExpiresAt: time.Now().Add(2 * time.Hour),
	}
}

// Rotated returns the next version of the family, with a new token.
func Rotated(f tokenendpoint.Family) tokenendpoint.Family {
	f.Retired = []tokenendpoint.RetiredToken{{Token: f.Token, Successor: NewSum(), GraceEndsAt: time.Now().Add(time.Minute)}}
	f.Version++
	f.Generation++
	f.Token = NewSum()
	f.ExpiresAt = f.ExpiresAt.Add(time.Second)
	return f
}
