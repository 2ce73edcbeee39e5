package sql_test

import (
	"crypto/aes"
	"crypto/cipher"
	"testing"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/client"
	"github.com/bearergate/bearergate/client/connectiontest"
	"github.com/bearergate/bearergate/granttest"
	"github.com/bearergate/bearergate/installation"
	"github.com/bearergate/bearergate/installation/opaquetest"
	"github.com/bearergate/bearergate/tokenendpoint"
	"github.com/bearergate/bearergate/tokenendpoint/storetest"
)

func TestCodes(t *testing.T) {
	onEach(t, append(all, serializable), func(t *testing.T, e engine) {
		storetest.Run(t, func(t *testing.T) (one, other tokenendpoint.Store) {
			d := e.database(t)
			return d.store(t).Codes(), d.store(t).Codes()
		})
	})
}

func TestOpaqueTokens(t *testing.T) {
	onEach(t, all, func(t *testing.T, e engine) {
		opaquetest.Run(t, func(t *testing.T) (installation.SaveFunc, bearergate.OpaqueLookup) {
			d := e.database(t)
			return d.store(t).OpaqueTokens().Save, d.store(t).OpaqueTokens().Lookup
		})
	})
}

func TestGrants(t *testing.T) {
	onEach(t, all, func(t *testing.T, e engine) {
		granttest.Run(t, func(t *testing.T) (bearergate.GrantStore, func(bearergate.Grant)) {
			d := e.database(t)
			one, other := d.store(t), d.store(t)
			return one.Grants(), func(g bearergate.Grant) {
				if err := other.Grants().Put(t.Context(), g); err != nil {
					t.Errorf("Put: got error %v, want none", err)
				}
			}
		})
	})
}

func TestConnections(t *testing.T) {
	onEach(t, all, func(t *testing.T, e engine) {
		connectiontest.Run(t, func(t *testing.T) client.ConnectionStore {
			return e.database(t).store(t).Connections(aead(t, 1))
		})
	})
}

// aead returns a key.
func aead(t testing.TB, number byte) cipher.AEAD {
	t.Helper()
	block, err := aes.NewCipher([]byte{31: number})
	if err != nil {
		t.Fatal(err)
	}
	key, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		t.Fatal(err)
	}
	return key
}
