package sql_test

import (
	"database/sql"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bearergate/bearergate/engines/servers"
	"github.com/bearergate/bearergate/sqlstore"
	_ "modernc.org/sqlite"
)

// engine is a way to reach a database.
type engine struct {
	name    string
	dialect sqlstore.Dialect
	// url returns the URL of a database. That of SQLite is new.
	url func(t testing.TB) string
}

var (
	pgDefault  = engine{"PostgreSQL", sqlstore.Postgres, postgres("")}
	sqlite     = engine{"SQLite", sqlstore.SQLite, newFile}
	pgExec     = engine{"PostgreSQL, exec", sqlstore.Postgres, postgres("exec")}
	pgDescribe = engine{"PostgreSQL, cache_describe", sqlstore.Postgres, postgres("cache_describe")}
	pgSimple   = engine{"PostgreSQL, simple_protocol", sqlstore.Postgres, postgres("simple_protocol")}
	// serializable is a database with another default than READ COMMITTED.
	serializable = engine{"PostgreSQL, serializable", sqlstore.Postgres, func(t testing.TB) string {
		return postgres("")(t) + "&default_transaction_isolation=serializable"
	}}
	bouncerExec = engine{"PgBouncer, exec", sqlstore.Postgres, pgBouncer("exec")}
	bouncerDesc = engine{"PgBouncer, cache_describe", sqlstore.Postgres, pgBouncer("cache_describe")}
	bouncerSimp = engine{"PgBouncer, simple_protocol", sqlstore.Postgres, pgBouncer("simple_protocol")}
)

// both are the databases, durable are those that flush each commit to the disk, and all
// are the ways to reach them.
var (
	both    = []engine{pgDefault, sqlite}
	durable = []engine{{"PostgreSQL", sqlstore.Postgres, func(t testing.TB) string { return servers.NewPostgres(t).URL }}, sqlite}
	all     = []engine{pgDefault, pgExec, pgDescribe, pgSimple, bouncerExec, bouncerDesc, bouncerSimp, sqlite}
)

// onEach runs a test on each engine.
func onEach(t *testing.T, engines []engine, test func(t *testing.T, e engine)) {
	for _, e := range engines {
		t.Run(e.name, func(t *testing.T) { test(t, e) })
	}
}

// The servers of all tests that kill none.
var (
	sharedPostgres = sync.OnceValues(func() (*servers.Postgres, error) {
		return servers.StartPostgres("max_connections=300", "fsync=off") // nobody kills it
	})
	sharedPgBouncer = sync.OnceValues(func() (*servers.PgBouncer, error) {
		p, err := sharedPostgres()
		if err != nil {
			return nil, err
		}
		return servers.StartPgBouncer(p)
	})
	started []interface{ Close() }
)

// TestMain keeps the faults that the suites cause out of their output, and ends the
// servers. In a process that serves a store, it does that alone.
func TestMain(m *testing.M) {
	if url := os.Getenv(serveFile); url != "" {
		fmt.Println(serve(url))
		os.Exit(1)
	}
	slog.SetDefault(slog.New(slog.DiscardHandler))
	status := m.Run()
	for _, server := range started {
		server.Close()
	}
	os.Exit(status)
}

func postgres(mode string) func(t testing.TB) string {
	return func(t testing.TB) string {
		t.Helper()
		servers.NeedPostgres(t)
		p, err := sharedPostgres()
		if err != nil {
			t.Fatal(err)
		}
		started = append(started, p)
		return withMode(p.URL, mode)
	}
}

func pgBouncer(mode string) func(t testing.TB) string {
	return func(t testing.TB) string {
		t.Helper()
		servers.NeedPostgres(t)
		servers.NeedPgBouncer(t)
		b, err := sharedPgBouncer()
		if err != nil {
			t.Fatal(err)
		}
		p, _ := sharedPostgres()
		started = append(started, b, p)
		return withMode(b.URL, mode)
	}
}

func withMode(url, mode string) string {
	if mode == "" {
		return url
	}
	return url + "&default_query_exec_mode=" + mode
}

func newFile(t testing.TB) string {
	return "file:" + filepath.Join(t.TempDir(), "test.db") + "?_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)"
}

// database is an empty database with its tables.
type database struct {
	engine
	url    string
	config sqlstore.Config
}

var prefixes atomic.Int64

func (e engine) database(t testing.TB) *database {
	t.Helper()
	d := &database{e, e.url(t), sqlstore.Config{Dialect: e.dialect, Prefix: fmt.Sprintf("t%d_", prefixes.Add(1))}}
	if err := sqlstore.Setup(t.Context(), d.pool(t), d.config); err != nil {
		t.Fatal(err)
	}
	return d
}

// pool returns a new pool of connections.
func (d *database) pool(t testing.TB) *sql.DB {
	t.Helper()
	driver := map[sqlstore.Dialect]string{sqlstore.Postgres: "pgx", sqlstore.SQLite: "sqlite"}[d.dialect]
	db, err := sql.Open(driver, d.url)
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(20)
	db.SetMaxIdleConns(20)
	t.Cleanup(func() { closePool(t, db) })
	return db
}

// closePool waits for cancelled calls, which still use their connections.
func closePool(t testing.TB, db *sql.DB) {
	db.Close()
	for range 1000 {
		if db.Stats().OpenConnections == 0 {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("10 s after Close: got %d open connections, want none", db.Stats().OpenConnections)
}

// store returns a store with a pool of its own, as another process has it.
func (d *database) store(t testing.TB) *sqlstore.Store {
	t.Helper()
	return d.storeOf(t, d.pool(t))
}

func (d *database) storeOf(t testing.TB, db *sql.DB) *sqlstore.Store {
	t.Helper()
	store, err := sqlstore.New(t.Context(), db, d.config)
	if err != nil {
		t.Fatal(err)
	}
	return store
}

// table returns the name of a table.
func (d *database) table(name string) string { return d.config.Prefix + name }
