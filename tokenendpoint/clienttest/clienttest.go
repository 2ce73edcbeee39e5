// Package clienttest tests implementations of [tokenendpoint.ClientStore].
//
//	func TestClientStore(t *testing.T) {
//		clienttest.Run(t, func(t *testing.T) (func() tokenendpoint.ClientStore, func(tokenendpoint.Client) error) {
//			db := newDatabase(t) // yours, empty
//			return func() tokenendpoint.ClientStore { return open(t, db) }, db.PutClient
//		})
//	}
package clienttest

import (
	"testing"

	"github.com/bearergate/bearergate/tokenendpoint"
)

// Run tests that a store keeps the promises of [tokenendpoint.ClientStore], also under
// concurrent use and with cancelled contexts. newStore makes an empty store. It returns
// a function that opens the store, as each process does that uses it, and one that puts
// a client into it, in place of any client with the same id. A store in memory is
// opened by returning it again.
//
// The store may refuse ids that are not UTF-8 or have a NUL by an error, but never
// change one. It may also refuse clients with Assertions, but never leave these out.
func Run(t *testing.T, newStore func(t *testing.T) (open func() tokenendpoint.ClientStore, put func(tokenendpoint.Client) error)) {
	for _, test := range []struct {
		name string
		run  func(*suite)
	}{
		{"returns clients as they were put", (*suite).returnsClients},
		{"returns the client that was put last", (*suite).returnsLastClient},
		{"keeps Assertions, or refuses the client", (*suite).keepsOrRefusesAssertions},
		{"returns ErrInvalidClient for unknown clients", (*suite).doesNotKnowOthers},
		{"finds ids byte for byte", (*suite).findsIDsByteForByte},
		{"keeps all when it is opened again", (*suite).keepsAllWhenOpened},
		{"shares no slices", (*suite).sharesNoSlices},
		{"does not call a client unknown if the context ends", (*suite).survivesCancellation},
		{"is safe for concurrent use", (*suite).isSafeForConcurrentUse},
	} {
		t.Run(test.name, func(t *testing.T) {
			open, put := newStore(t)
			s := &suite{T: t, open: open, tryPut: put}
			s.openAgain()
			test.run(s)
		})
	}
}

// suite is one test with a store of its own.
type suite struct {
	*testing.T
	open   func() tokenendpoint.ClientStore
	stores []tokenendpoint.ClientStore // two handles of one store
	tryPut func(tokenendpoint.Client) error
}

func (s *suite) openAgain() { s.stores = []tokenendpoint.ClientStore{s.open(), s.open()} }
