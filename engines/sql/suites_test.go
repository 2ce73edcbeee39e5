package sql_test

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"database/sql"
	"slices"
	"testing"
	"time"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/client"
	"github.com/bearergate/bearergate/client/connectiontest"
	"github.com/bearergate/bearergate/granttest"
	"github.com/bearergate/bearergate/installation"
	"github.com/bearergate/bearergate/installation/opaquetest"
	"github.com/bearergate/bearergate/sqlstore"
	"github.com/bearergate/bearergate/tokenendpoint"
	"github.com/bearergate/bearergate/tokenendpoint/clienttest"
	"github.com/bearergate/bearergate/tokenendpoint/storetest"
)

// cleanedCodes and cleanedTokens have the method Clean, which the suites call.
type (
	cleanedCodes struct {
		*sqlstore.Codes
		cleaner
	}
	cleanedTokens struct {
		*sqlstore.OpaqueTokens
		cleaner
	}
	cleaner interface {
		Clean(ctx context.Context) error
	}
)

func TestCodes(t *testing.T) {
	onEach(t, append(slices.Clone(suiteEngines), serializable), func(t *testing.T, e engine) {
		storetest.Run(t, func(t *testing.T) func() tokenendpoint.Store {
			d := e.database(t)
			return func() tokenendpoint.Store {
				s := d.store(t)
				return cleanedCodes{s.Codes(), s}
			}
		})
	})
}

func TestOpaqueTokens(t *testing.T) {
	onEach(t, suiteEngines, func(t *testing.T, e engine) {
		opaquetest.Run(t, func(t *testing.T) func() installation.TokenStore {
			d := e.database(t)
			return func() installation.TokenStore {
				s := d.store(t)
				return cleanedTokens{s.OpaqueTokens(), s}
			}
		})
	})
}

func TestGrants(t *testing.T) {
	onEach(t, suiteEngines, func(t *testing.T, e engine) {
		granttest.Run(t, func(t *testing.T) (func() bearergate.GrantStore, func(bearergate.Grant) error) {
			d := e.database(t)
			s := d.store(t)
			return func() bearergate.GrantStore { return d.store(t).Grants() },
				func(g bearergate.Grant) error { return s.Grants().Put(t.Context(), g) }
		})
	})
}

func TestClients(t *testing.T) {
	onEach(t, suiteEngines, func(t *testing.T, e engine) {
		clienttest.Run(t, func(t *testing.T) (func() tokenendpoint.ClientStore, func(tokenendpoint.Client) error) {
			d := e.database(t)
			s := d.store(t)
			return func() tokenendpoint.ClientStore { return d.store(t).Clients() },
				func(c tokenendpoint.Client) error { return s.Clients().Put(t.Context(), c) }
		})
	})
}

func TestConnections(t *testing.T) {
	onEach(t, suiteEngines, func(t *testing.T, e engine) {
		connectiontest.Run(t, func(t *testing.T) func() client.ConnectionStore {
			d := e.database(t)
			return func() client.ConnectionStore { return d.store(t).Connections(aead(t, 1)) }
		})
	})
}

func TestLeases(t *testing.T) {
	const lease = 2 * time.Second
	onEach(t, both, func(t *testing.T, e engine) {
		connectiontest.RunLease(t, lease, func(t *testing.T) func() client.ConnectionStore {
			d := e.database(t)
			return func() client.ConnectionStore {
				return briefLocks{d.store(t).Connections(aead(t, 1)), d.pool(t), d.table("locks"), lease}
			}
		})
	})
}

// briefLocks has locks that last less than a minute.
type briefLocks struct {
	*sqlstore.Connections
	db    *sql.DB
	table string
	lease time.Duration
}

func (b briefLocks) Lock(ctx context.Context, id string) (func(), error) {
	unlock, err := b.Connections.Lock(ctx, id)
	if err == nil {
		_, err = b.db.Exec("UPDATE "+b.table+" SET expires_at = expires_at - $1", (time.Minute - b.lease).Microseconds())
	}
	return unlock, err
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
