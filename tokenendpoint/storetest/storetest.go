// Package storetest tests implementations of [tokenendpoint.Store].
//
//	func TestStore(t *testing.T) {
//		storetest.Run(t, func(t *testing.T) func() tokenendpoint.Store {
//			db := newDatabase(t) // yours, empty
//			return func() tokenendpoint.Store { return open(t, db) }
//		})
//	}
package storetest

import (
	"testing"
	"time"

	"github.com/bearergate/bearergate/tokenendpoint"
)

// Run tests that a store keeps the promises of [tokenendpoint.Store], also under
// concurrent use, with cancelled contexts and with lost replies. newStore makes an
// empty store and returns a function that opens it, as each process does that uses
// it: Run opens a store several times. A store in memory is opened by returning it
// again.
//
// The store must keep times to the microsecond or better. It may refuse ids that are
// not UTF-8 or have a NUL by an error, but never change one. If an opened store has a
// method Clean(context.Context) error, Run calls it.
func Run(t *testing.T, newStore func(t *testing.T) (open func() tokenendpoint.Store)) {
	for _, test := range []struct {
		name string
		run  func(*suite)
	}{
		{"keeps codes", (*suite).keepsCodes},
		{"keeps codes without some fields", (*suite).keepsPartialCodes},
		{"keeps families", (*suite).keepsFamilies},
		{"keeps families without some fields", (*suite).keepsPartialFamilies},
		{"keeps all when it is opened again", (*suite).keepsAllWhenOpened},
		{"changes no ids, and revokes no grant for another", (*suite).changesNoIDs},
		{"shares no slices of codes", (*suite).sharesNoSlicesOfCodes},
		{"shares no slices of families", (*suite).sharesNoSlicesOfFamilies},
		{"does not know other keys", (*suite).doesNotKnowOtherKeys},
		{"consumes a code once", (*suite).consumesOnce},
		{"reports expired codes", (*suite).reportsExpiredCodes},
		{"keeps what is used while it removes what expired", (*suite).keepsWhatIsUsed},
		{"replaces a version once", (*suite).replacesOnce},
		{"replaces no other version", (*suite).replacesNoOtherVersion},
		{"replaces one family alone", (*suite).replacesOneAlone},
		{"revokes the families of a grant", (*suite).revokesFamiliesOfGrant},
		{"revokes the codes of a grant", (*suite).revokesCodesOfGrant},
		{"revokes all of a grant at once", (*suite).revokesAtOnce},
		{"lets a grant begin again", (*suite).letsGrantBeginAgain},
		{"leaves nothing living behind a revocation", (*suite).leavesNothingLiving},
		{"does all of Consume or nothing", (*suite).consumesCompletelyOrNotAtAll},
		{"does all of ReplaceFamily or nothing", (*suite).replacesCompletelyOrNotAtAll},
		{"reports nothing done that is not", (*suite).reportsNothingUndone},
		{"reports nothing unknown if the context ends", (*suite).reportsNothingUnknown},
		{"survives a lost reply to Consume", (*suite).survivesLostConsume},
		{"survives a lost reply to ReplaceFamily", (*suite).survivesLostReplace},
		{"recognizes an old token after many rotations", (*suite).recognizesOldTokens},
	} {
		t.Run(test.name, func(t *testing.T) {
			open := newStore(t)
			test.run(&suite{T: t, open: open, store: open(), other: open(), now: time.Now().Truncate(time.Second).Add(-123456 * time.Microsecond)})
		})
	}
}

// suite is one test with a store of its own.
type suite struct {
	*testing.T
	open         func() tokenendpoint.Store
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
