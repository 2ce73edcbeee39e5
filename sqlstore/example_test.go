package sqlstore_test

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"database/sql"
	"log"
	"os"
	"time"

	"github.com/bearergate/bearergate/sqlstore"
	"github.com/bearergate/bearergate/tokenendpoint"
)

// The program imports a driver too, here with
//
//	import _ "github.com/jackc/pgx/v5/stdlib"
func Example() {
	ctx := context.Background()
	db, err := sql.Open("pgx", os.Getenv("DATABASE_URL"))
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(20)
	config := sqlstore.Config{Dialect: sqlstore.Postgres}
	if err := sqlstore.Setup(ctx, db, config); err != nil {
		log.Fatal(err)
	}
	store, err := sqlstore.New(ctx, db, config)
	if err != nil {
		log.Fatal(err)
	}
	endpoint, err := tokenendpoint.New(tokenendpoint.Config{
		Clients: store.Clients(),
		Store:   store.Codes(),
		Grants:  store.Grants(),
		Revoked: store.OpaqueTokens().Revoked,
		Issue: func(ctx context.Context, a tokenendpoint.IssueRequest) (tokenendpoint.Issued, error) {
			return tokenendpoint.Issued{Token: "a signed token", ExpiresIn: time.Hour}, nil
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	_ = endpoint
}

// What the former key sealed can be loaded until it is saved again.
func ExampleStore_Connections() {
	key := func(variable string) cipher.AEAD {
		block, err := aes.NewCipher([]byte(os.Getenv(variable))) // 32 bytes
		if err != nil {
			log.Fatal(err)
		}
		aead, err := cipher.NewGCMWithRandomNonce(block)
		if err != nil {
			log.Fatal(err)
		}
		return aead
	}
	store := new(sqlstore.Store) // that New returned
	connections := store.Connections(key("CONNECTION_KEY"), key("FORMER_CONNECTION_KEY"))
	_ = connections
}
