// Package opaquetest tests stores of opaque tokens: an [installation.SaveFunc]
// and the [bearergate.OpaqueLookup] that finds what it saved.
//
//	func TestTokenStore(t *testing.T) {
//		opaquetest.Run(t, func(t *testing.T) (installation.SaveFunc, bearergate.OpaqueLookup) {
//			store := newStore(t) // yours, empty
//			return store.Save, store.Lookup
//		})
//	}
package opaquetest

import (
	"testing"
	"time"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/installation"
)

// Run tests that a save function and a lookup keep the promises of
// [installation.SaveFunc] and [bearergate.OpaqueLookup], also under concurrent use
// and with cancelled contexts. newStore returns both, for one empty store that
// keeps times to the second or better. The store receives only the SHA-256 of a
// token, never the token.
func Run(t *testing.T, newStore func(t *testing.T) (installation.SaveFunc, bearergate.OpaqueLookup)) {
	for _, test := range []struct {
		name string
		run  func(*suite)
	}{
		{"finds claims as they were saved", (*suite).findsClaims},
		{"finds claims of one kind without those of another", (*suite).findsPartialClaims},
		{"verifies issued tokens", (*suite).verifiesIssuedTokens},
		{"finds a token by its whole sum", (*suite).findsByWholeSum},
		{"lets no token live longer", (*suite).letsNoTokenLiveLonger},
		{"shares no memory with the caller of save", (*suite).sharesNoMemory},
		{"does not call a token unknown if the context ends", (*suite).lookupSurvivesCancellation},
		{"does not report a token saved that is not", (*suite).saveSurvivesCancellation},
		{"is safe for concurrent use", (*suite).isSafeForConcurrentUse},
	} {
		t.Run(test.name, func(t *testing.T) {
			save, lookup := newStore(t)
			test.run(&suite{T: t, save: save, lookup: lookup, now: time.Now().Truncate(time.Second)})
		})
	}
}

// suite is one test with a store of its own.
type suite struct {
	*testing.T
	save   installation.SaveFunc
	lookup bearergate.OpaqueLookup
	now    time.Time
}
