// Package connectiontest tests implementations of [client.ConnectionStore].
//
//	func TestConnectionStore(t *testing.T) {
//		connectiontest.Run(t, func(t *testing.T) func() client.ConnectionStore {
//			db := newDatabase(t) // yours, empty
//			return func() client.ConnectionStore { return open(t, db) }
//		})
//	}
package connectiontest

import (
	"testing"
	"time"

	"github.com/bearergate/bearergate/client"
)

// Run tests that a store keeps the promises of [client.ConnectionStore], also under
// concurrent use and with cancelled contexts. newStore makes an empty store and returns
// a function that opens it, as each process does that uses it: Run opens a store
// several times. A store in memory is opened by returning it again.
//
// The store must keep times to the microsecond or better. It may refuse ids that are
// not UTF-8 or have a NUL by an error, but never change one. [RunLease] tests that a
// lock expires.
func Run(t *testing.T, newStore func(t *testing.T) (open func() client.ConnectionStore)) {
	run(t, newStore, []row{
		{"an unknown id is ErrNoConnection", (*suite).unknownIsNoConnection},
		{"what is saved is loaded", (*suite).savedIsLoaded},
		{"what is saved is loaded when the store is opened again", (*suite).savedIsLoadedWhenOpened},
		{"ids are kept apart byte for byte", (*suite).idsAreKeptApart},
		{"a revision that does not follow is ErrConflict", (*suite).otherRevisionIsConflict},
		{"one of concurrent saves takes effect", (*suite).oneSaveTakesEffect},
		{"SaveConnection saves whatever is stored", (*suite).saveConnectionSaves},
		{"a connection is saved completely or not at all", (*suite).savedCompletelyOrNotAtAll},
		{"a connection is not unknown if the context ends", (*suite).knownWhileCancelled},
		{"a lock has one holder", (*suite).lockHasOneHolder},
		{"waiting for a lock ends with the context", (*suite).waitingEndsWithContext},
		{"ids have locks of their own", (*suite).idsHaveLocksOfTheirOwn},
		{"an unlocked id can be locked again", (*suite).unlockedCanBeLocked},
		{"a locked connection can be loaded and saved", (*suite).lockedCanBeSaved},
	})
}

// RunLease tests that the lock of a process that crashed expires. newStore is as in
// [Run], for stores whose locks expire after this time. Use a second or two.
func RunLease(t *testing.T, lease time.Duration, newStore func(t *testing.T) (open func() client.ConnectionStore)) {
	run(t, newStore, []row{
		{"a lock expires, and not too early", func(s *suite) { s.lockExpires(lease) }},
		{"unlocking an expired lock does not unlock that of another holder", func(s *suite) { s.lateUnlockDoesNothing(lease) }},
	})
}

type row struct {
	name string
	test func(*suite)
}

func run(t *testing.T, newStore func(t *testing.T) func() client.ConnectionStore, rows []row) {
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			s := &suite{T: t, open: newStore(t)}
			s.openAgain()
			r.test(s)
		})
	}
}

// suite is one test with a store of its own.
type suite struct {
	*testing.T
	open         func() client.ConnectionStore
	store, other client.ConnectionStore // two handles of one store
}

func (s *suite) openAgain() { s.store, s.other = s.open(), s.open() }

// handle returns one of the two handles.
func (s *suite) handle(i int) client.ConnectionStore {
	if i%2 == 0 {
		return s.store
	}
	return s.other
}
