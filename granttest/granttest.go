// Package granttest tests implementations of [bearergate.GrantStore].
//
//	func TestGrantStore(t *testing.T) {
//		granttest.Run(t, func(t *testing.T) (bearergate.GrantStore, func(bearergate.Grant)) {
//			store := newStore(t) // yours, empty
//			return store, store.Put
//		})
//	}
package granttest

import (
	"testing"
	"time"

	"github.com/bearergate/bearergate"
)

// Run tests that a store keeps the promises of [bearergate.GrantStore], also under
// concurrent use and with cancelled contexts. newStore returns an empty store and a
// function that puts a grant into it, in place of any grant with the same id. Ids
// may contain any byte. The store must keep times to the second or better.
func Run(t *testing.T, newStore func(t *testing.T) (store bearergate.GrantStore, put func(bearergate.Grant))) {
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
		{"shares no slices", (*suite).sharesNoSlices},
		{"does not call a grant unknown if the context ends", (*suite).survivesCancellation},
		{"is safe for concurrent use", (*suite).isSafeForConcurrentUse},
	} {
		t.Run(test.name, func(t *testing.T) {
			store, put := newStore(t)
			test.run(&suite{T: t, store: store, put: put, now: time.Now().Truncate(time.Second)})
		})
	}
}

// suite is one test with a store of its own.
type suite struct {
	*testing.T
	store bearergate.GrantStore
	put   func(bearergate.Grant)
	now   time.Time
}
