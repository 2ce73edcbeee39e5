// Package granttest tests implementations of [bearergate.GrantStore].
//
//	func TestGrantStore(t *testing.T) {
//		granttest.Run(t, func(t *testing.T) (func() bearergate.GrantStore, func(bearergate.Grant) error) {
//			db := newDatabase(t) // yours, empty
//			return func() bearergate.GrantStore { return open(t, db) }, db.PutGrant
//		})
//	}
package granttest

import (
	"testing"
	"time"

	"github.com/bearergate/bearergate"
)

// Run tests that a store keeps the promises of [bearergate.GrantStore], also under
// concurrent use and with cancelled contexts. newStore makes an empty store. It returns
// a function that opens the store, as each process does that uses it, and one that puts
// a grant into it, in place of any grant with the same id. A store in memory is opened
// by returning it again.
//
// The store must keep times to the microsecond or better. It may refuse ids that are
// not UTF-8 or have a NUL by an error, but never change one.
func Run(t *testing.T, newStore func(t *testing.T) (open func() bearergate.GrantStore, put func(bearergate.Grant) error)) {
	for _, test := range []struct {
		name string
		run  func(*suite)
	}{
		{"returns grants as they were put", (*suite).returnsGrants},
		{"returns revoked grants", (*suite).returnsRevokedGrants},
		{"keeps no scopes apart from nil scopes", (*suite).keepsNoScopesApart},
		{"returns the grant that was put last", (*suite).returnsLastGrant},
		{"returns ErrGrantNotFound for unknown grants", (*suite).doesNotKnowOthers},
		{"finds ids byte for byte", (*suite).findsIDsByteForByte},
		{"keeps all when it is opened again", (*suite).keepsAllWhenOpened},
		{"shares no slices", (*suite).sharesNoSlices},
		{"does not call a grant unknown if the context ends", (*suite).survivesCancellation},
		{"is safe for concurrent use", (*suite).isSafeForConcurrentUse},
	} {
		t.Run(test.name, func(t *testing.T) {
			open, put := newStore(t)
			test.run(&suite{T: t, open: open, store: open(), other: open(), tryPut: put, now: time.Now().Truncate(time.Second).Add(-123456 * time.Microsecond)})
		})
	}
}

// suite is one test with a store of its own.
type suite struct {
	*testing.T
	open         func() bearergate.GrantStore
	store, other bearergate.GrantStore // two handles of one store
	tryPut       func(bearergate.Grant) error
	now          time.Time
}

func (s *suite) put(g bearergate.Grant) {
	s.Helper()
	if err := s.tryPut(g); err != nil {
		s.Fatalf("putting the grant %q: got the error %v, want none", g.ID, err)
	}
}
