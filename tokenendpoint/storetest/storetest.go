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
// concurrent use, with cancelled contexts and with lost replies. newStore returns two
// handles of one empty store, as two processes have them. A store in memory is its
// own second handle. The store must keep times to the microsecond or better.
func Run(t *testing.T, newStore func(t *testing.T) (one, other tokenendpoint.Store)) {
	for _, test := range []struct {
		name string
		run  func(*suite)
	}{
		{"keeps codes", (*suite).keepsCodes},
		{"keeps families", (*suite).keepsFamilies},
		{"keeps families without some fields", (*suite).keepsPartialFamilies},
		{"shares no slices of codes", (*suite).sharesNoSlicesOfCodes},
		{"shares no slices of families", (*suite).sharesNoSlicesOfFamilies},
		{"does not know other keys", (*suite).doesNotKnowOtherKeys},
		{"consumes a code once", (*suite).consumesOnce},
		{"reports expired codes", (*suite).reportsExpiredCodes},
		{"replaces a version once", (*suite).replacesOnce},
		{"replaces no other version", (*suite).replacesNoOtherVersion},
		{"replaces one family alone", (*suite).replacesOneAlone},
		{"revokes the families of a grant", (*suite).revokesFamiliesOfGrant},
		{"revokes the codes of a grant", (*suite).revokesCodesOfGrant},
		{"lets a grant begin again", (*suite).letsGrantBeginAgain},
		{"leaves nothing living behind a revocation", (*suite).leavesNothingLiving},
		{"does all of Consume or nothing", (*suite).consumesCompletelyOrNotAtAll},
		{"does all of ReplaceFamily or nothing", (*suite).replacesCompletelyOrNotAtAll},
		{"survives a lost reply to Consume", (*suite).survivesLostConsume},
		{"survives a lost reply to ReplaceFamily", (*suite).survivesLostReplace},
		{"recognizes an old token after many rotations", (*suite).recognizesOldTokens},
	} {
		t.Run(test.name, func(t *testing.T) {
			one, other := newStore(t)
			test.run(&suite{T: t, store: one, other: other, now: time.Now().Truncate(time.Second)})
		})
	}
}

// suite is one test with a store of its own.
type suite struct {
	*testing.T
	store, other tokenendpoint.Store // two handles of one store
	now          time.Time
	sums         int
}

// handle returns one of the two handles.
func (s *suite) handle(i int) tokenendpoint.Store {
	if i%2 == 0 {
		return s.store
	}
	return s.other
}
