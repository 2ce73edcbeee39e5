package sql_test

import (
	"context"
	"database/sql"
	"net/url"
	"os"
	"testing"
	"time"

	"github.com/bearergate/bearergate/engines/chaos"
	"github.com/bearergate/bearergate/engines/servers"
	"github.com/bearergate/bearergate/sqlstore"
	"github.com/bearergate/bearergate/tokenendpoint"
)

// The environment variables of a process that serves a store in SQLite.
const (
	serveFile  = "ENGINES_SERVE_FILE"
	serveAddr  = "ENGINES_SERVE_ADDR"
	serveEager = "ENGINES_SERVE_EAGER"
)

var fileConfig = sqlstore.Config{Dialect: sqlstore.SQLite}

// serve serves a store in a file of SQLite until the process is killed.
func serve(url string) error {
	db, err := sql.Open("sqlite", url)
	if err != nil {
		return err
	}
	if err := sqlstore.Setup(context.Background(), db, fileConfig); err != nil {
		return err
	}
	store, err := sqlstore.New(context.Background(), db, fileConfig)
	if err != nil {
		return err
	}
	var codes tokenendpoint.Store = store.Codes()
	if os.Getenv(serveEager) != "" {
		codes = &chaos.Eager{Store: codes}
	}
	return chaos.Serve(os.Getenv(serveAddr), codes)
}

// newServed starts a process that serves a store in a new file.
func newServed(t *testing.T, environment ...string) *servers.Self {
	t.Helper()
	url := newFile(t)
	return servers.NewSelf(t, func(addr string) []string {
		return append(environment, serveFile+"="+url, serveAddr+"="+addr)
	})
}

// newServer starts a PostgreSQL server of its own, and returns it with a store in it.
func newServer(t *testing.T, settings ...string) (*servers.Postgres, tokenendpoint.Store) {
	t.Helper()
	server := servers.NewPostgres(t, settings...)
	return server, newCodes(t, server.URL)
}

// newCodes returns a store in the database of a PostgreSQL server.
func newCodes(t *testing.T, url string) tokenendpoint.Store {
	t.Helper()
	e := engine{"PostgreSQL", sqlstore.Postgres, func(testing.TB) string { return url }}
	return e.database(t).store(t).Codes()
}

func TestKilledPostgresLosesNothing(t *testing.T) {
	server, store := newServer(t)
	if l := chaos.Run(t, store, chaos.Duration(t), chaos.KillOrStop(t, server)); l.Any() {
		t.Errorf("got the losses %+v, want none", l)
	}
}

// TestBadLinkLosesNothing cuts, holds and slows the connections to PostgreSQL.
func TestBadLinkLosesNothing(t *testing.T) {
	server := servers.NewPostgres(t)
	address, err := url.Parse(server.URL)
	must(t, err)
	proxy := servers.NewProxy(t, address.Host)
	address.Host = proxy.Addr
	if l := chaos.Run(t, newCodes(t, address.String()), chaos.Duration(t), chaos.BadLink(proxy)); l.Any() {
		t.Errorf("got the losses %+v, want none", l)
	}
}

// TestKilledProcessLosesNothing kills the process that uses SQLite.
func TestKilledProcessLosesNothing(t *testing.T) {
	process := newServed(t)
	if l := chaos.Run(t, chaos.NewRemote(process.Addr), chaos.Duration(t), chaos.KillOrStop(t, process)); l.Any() {
		t.Errorf("got the losses %+v, want none", l)
	}
}

// TestAsynchronousCommitLoses is the control of the test with PostgreSQL.
func TestAsynchronousCommitLoses(t *testing.T) {
	server, store := newServer(t, "synchronous_commit=off")
	mustLose(t, store, server)
}

// TestAcknowledgementBeforeCommitLoses is the control of the test with SQLite: what
// a killed process wrote to a file is there, flushed or not.
func TestAcknowledgementBeforeCommitLoses(t *testing.T) {
	process := newServed(t, serveEager+"=1")
	mustLose(t, chaos.NewRemote(process.Addr), process)
}

// mustLose kills a server until it lost something.
func mustLose(t *testing.T, store tokenendpoint.Store, server chaos.Server) {
	t.Helper()
	const rounds = 5
	for range rounds {
		if chaos.Run(t, store, 2500*time.Millisecond, chaos.Kill(t, server)).Any() || t.Failed() {
			return
		}
	}
	t.Errorf("got no losses in %d rounds, want some", rounds)
}
