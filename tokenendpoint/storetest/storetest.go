// Package storetest tests implementations of [tokenendpoint.Store].
//
//	func TestStore(t *testing.T) {
//		storetest.Run(t, func(t *testing.T) tokenendpoint.Store {
//			return newStore(t) // yours, empty
//		})
//	}
package storetest

import (
	"testing"
	"time"

	"github.com/bearergate/bearergate/tokenendpoint"
)

// Run tests that a store keeps the promises of [tokenendpoint.Store], also under
// concurrent use, with cancelled contexts and with lost replies. newStore returns
// an empty store. The store must keep times to the microsecond or better.
func Run(t *testing.T, newStore func(t *testing.T) tokenendpoint.Store) {
	for _, test := range []struct {
		name string
		run  func(*suite)
	}{
		{"keeps codes", (*suite).keepsCodes},
		{"keeps refresh tokens", (*suite).keepsRefreshTokens},
		{"shares no slices of codes", (*suite).sharesNoSlicesOfCodes},
		{"shares no slices of refresh tokens", (*suite).sharesNoSlicesOfRefreshTokens},
		{"does not know other sums", (*suite).doesNotKnowOtherSums},
		{"consumes a code without a refresh token", (*suite).consumesWithoutRefreshToken},
		{"consumes a code once", (*suite).consumesOnce},
		{"rotates a refresh token once", (*suite).rotatesOnce},
		{"reports expired codes", (*suite).reportsExpiredCodes},
		{"reports expired refresh tokens", (*suite).reportsExpiredRefreshTokens},
		{"revokes a family", (*suite).revokesFamily},
		{"revokes the tokens of a grant", (*suite).revokesTokensOfGrant},
		{"revokes the codes of a grant", (*suite).revokesCodesOfGrant},
		{"lets a grant begin again", (*suite).letsGrantBeginAgain},
		{"leaves nothing living behind a revocation", (*suite).leavesNothingLiving},
		{"does all of Consume or nothing", (*suite).consumesCompletelyOrNotAtAll},
		{"does all of Rotate or nothing", (*suite).rotatesCompletelyOrNotAtAll},
		{"survives a lost reply to Rotate", (*suite).survivesLostRotate},
		{"survives a lost reply to Consume", (*suite).survivesLostConsume},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.run(&suite{T: t, store: newStore(t), now: time.Now().Truncate(time.Second)})
		})
	}
}

// suite is one test with a store of its own.
type suite struct {
	*testing.T
	store tokenendpoint.Store
	now   time.Time
	sums  int
}
