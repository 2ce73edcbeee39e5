package main

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
	_ "modernc.org/sqlite"             // the driver "sqlite"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/sqlstore"
)

// inDatabase returns stores in a database, without limiters.
func inDatabase(ctx context.Context, db string) (*stores, error) {
	pool, dialect, err := openDatabase(db)
	if err != nil {
		return nil, err
	}
	s, err := storesIn(ctx, pool, sqlstore.Config{Dialect: dialect})
	if err != nil {
		pool.Close()
		return nil, err
	}
	s.closers = append(s.closers, func() { pool.Close() })
	return s, nil
}

// openDatabase opens PostgreSQL by its URL, or SQLite by the name of its file.
func openDatabase(db string) (*sql.DB, sqlstore.Dialect, error) {
	driver, source, dialect := "pgx", db, sqlstore.Postgres
	if !strings.HasPrefix(db, "postgres://") && !strings.HasPrefix(db, "postgresql://") {
		if err := createPrivate(db); err != nil {
			return nil, 0, err
		}
		driver, source, dialect = "sqlite", sqliteSource(db), sqlstore.SQLite
	}
	pool, err := sql.Open(driver, source)
	if err != nil {
		return nil, 0, err
	}
	pool.SetMaxOpenConns(20)
	pool.SetMaxIdleConns(20)
	return pool, dialect, nil
}

// createPrivate creates the file if it is missing. It will hold the signing key.
func createPrivate(file string) error {
	f, err := os.OpenFile(file, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	return f.Close()
}

// sqliteSource has every commit flushed to the disk.
func sqliteSource(file string) string {
	name := (&url.URL{Path: filepath.ToSlash(file)}).EscapedPath()
	return "file:" + name + "?_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)"
}

func storesIn(ctx context.Context, pool *sql.DB, config sqlstore.Config) (*stores, error) {
	if err := sqlstore.Setup(ctx, pool, config); err != nil {
		return nil, err
	}
	store, err := sqlstore.New(ctx, pool, config)
	if err != nil {
		return nil, err
	}
	if err := register(ctx, store.Clients()); err != nil {
		return nil, err
	}
	key, err := signingKey(ctx, pool)
	if err != nil {
		return nil, fmt.Errorf("the signing key: %w", err)
	}
	grants := databaseGrants{store.Grants(), store}
	return &stores{
		clients: store.Clients(), codes: store.Codes(), tokens: store.OpaqueTokens(),
		grants: grants, guarded: grants, key: key,
	}, nil
}

type databaseGrants struct {
	*sqlstore.Grants
	store *sqlstore.Store
}

func (g databaseGrants) RevokeGrant(ctx context.Context, id string) error {
	return g.store.RevokeGrant(ctx, id)
}

// register stores the one app, unless it is there.
func register(ctx context.Context, clients *sqlstore.Clients) error {
	_, err := clients.Client(ctx, clientID)
	if errors.Is(err, bearergate.ErrInvalidClient) {
		return clients.Put(ctx, app)
	}
	return err
}

// signingKey returns the key that all processes sign with. The first one makes it. A
// real service keeps its key elsewhere than its data.
func signingKey(ctx context.Context, pool *sql.DB) (ed25519.PrivateKey, error) {
	const create = "CREATE TABLE IF NOT EXISTS quickstart_key (id INTEGER PRIMARY KEY, seed TEXT NOT NULL)"
	if _, err := pool.ExecContext(ctx, create); err != nil {
		// In PostgreSQL it fails if another process creates the table at once.
		if _, err := pool.ExecContext(ctx, create); err != nil {
			return nil, err
		}
	}
	insert := fmt.Sprintf("INSERT INTO quickstart_key (id, seed) VALUES (1, '%s') ON CONFLICT (id) DO NOTHING", newSeed())
	if _, err := pool.ExecContext(ctx, insert); err != nil {
		return nil, err
	}
	var text string
	if err := pool.QueryRowContext(ctx, "SELECT seed FROM quickstart_key WHERE id = 1").Scan(&text); err != nil {
		return nil, err
	}
	seed, err := hex.DecodeString(text)
	if err != nil || len(seed) != ed25519.SeedSize {
		return nil, errors.New("quickstart_key has no seed of 32 bytes")
	}
	return ed25519.NewKeyFromSeed(seed), nil
}

// newSeed returns a random seed in hexadecimal.
func newSeed() string {
	seed := make([]byte, ed25519.SeedSize)
	rand.Read(seed)
	return hex.EncodeToString(seed)
}
