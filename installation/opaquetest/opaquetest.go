// Package opaquetest tests stores of opaque tokens.
//
//	func TestTokenStore(t *testing.T) {
//		opaquetest.Run(t, func(t *testing.T) func() installation.TokenStore {
//			db := newDatabase(t) // yours, empty
//			return func() installation.TokenStore { return open(t, db) }
//		})
//	}
package opaquetest

import (
	"testing"
	"time"

	"github.com/bearergate/bearergate/installation"
)

// Run tests that a store keeps the promises of [installation.SaveFunc] and
// [bearergate.OpaqueLookup], also under concurrent use and with cancelled contexts.
// newStore makes an empty store and returns a function that opens it, as each process
// does that uses it: Run opens a store several times. A store in memory is opened by
// returning it again. The store receives only the SHA-256 of a token, never the token.
//
// The store must keep times to the microsecond or better. It may refuse ids that are
// not UTF-8 or have a NUL by an error, but never change one. If it has a method
// RevokeFamily(context.Context, string) error, as [installation.MemoryTokens] has, Run
// tests it too. If it has a method Clean(context.Context) error, Run calls it.
func Run(t *testing.T, newStore func(t *testing.T) (open func() installation.TokenStore)) {
	for _, test := range []struct {
		name string
		run  func(*suite)
	}{
		{"finds claims as they were saved", (*suite).findsClaims},
		{"finds claims of one kind without those of another", (*suite).findsPartialClaims},
		{"changes no ids", (*suite).changesNoIDs},
		{"finds all when it is opened again", (*suite).findsAllWhenOpened},
		{"verifies issued tokens", (*suite).verifiesIssuedTokens},
		{"finds a token by its whole sum", (*suite).findsByWholeSum},
		{"lets no token live longer", (*suite).letsNoTokenLiveLonger},
		{"keeps living tokens while it removes expired ones", (*suite).keepsLivingTokens},
		{"ends the tokens of a family", (*suite).endsTokensOfFamily},
		{"shares no memory with the caller of save", (*suite).sharesNoMemory},
		{"does not call a token unknown if the context ends", (*suite).lookupSurvivesCancellation},
		{"does not report a token saved that is not", (*suite).saveSurvivesCancellation},
		{"is safe for concurrent use", (*suite).isSafeForConcurrentUse},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := &suite{T: t, open: newStore(t), now: time.Now().Truncate(time.Second).Add(-123456 * time.Microsecond)}
			s.openAgain()
			test.run(s)
		})
	}
}

// suite is one test with a store of its own.
type suite struct {
	*testing.T
	open         func() installation.TokenStore
	store, other installation.TokenStore // two handles of one store
	now          time.Time
}

func (s *suite) openAgain() { s.store, s.other = s.open(), s.open() }
