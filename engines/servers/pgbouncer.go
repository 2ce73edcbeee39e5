package servers

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// PgBouncer is a PgBouncer in transaction mode: each transaction may run on another
// connection to the server.
type PgBouncer struct {
	Process
	// URL is the URL of the database behind it.
	URL string
}

// StartPgBouncer starts a PgBouncer in front of a server. [PgBouncer.Close] ends it.
func StartPgBouncer(p *Postgres) (*PgBouncer, error) {
	dir, port, err := unprivilegedDir("pgbouncer-")
	if err != nil {
		return nil, err
	}
	target, err := url.Parse(p.URL)
	if err != nil {
		return nil, fmt.Errorf("servers: %w", err)
	}
	ini := fmt.Sprintf(`[databases]
* = host=127.0.0.1 port=%s user=postgres
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = %d
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 10
max_client_conn = 500
`, target.Port(), port)
	path := filepath.Join(dir, "pgbouncer.ini")
	if err := os.WriteFile(path, []byte(ini), 0o644); err != nil {
		return nil, fmt.Errorf("servers: %w", err)
	}
	target.Host = fmt.Sprintf("127.0.0.1:%d", port)
	b := &PgBouncer{Process: Process{Dir: dir, command: unprivileged(pgBouncerBinary(), path)}, URL: target.String()}
	if err := b.Start(); err != nil {
		os.RemoveAll(dir)
		return nil, err
	}
	return b, nil
}

// NeedPgBouncer is [Need] of PgBouncer.
func NeedPgBouncer(t testing.TB) {
	t.Helper()
	Need(t, pgBouncerBinary(), "pgbouncer")
}

// Start starts it and waits until it answers.
func (b *PgBouncer) Start() error {
	if err := b.Process.Start(); err != nil {
		return err
	}
	if err := b.awaitReady(b.ping); err != nil {
		b.Kill()
		return err
	}
	return nil
}

// Close ends it.
func (b *PgBouncer) Close() {
	b.Kill()
	os.RemoveAll(b.Dir)
}

func (b *PgBouncer) ping() error {
	db, err := sql.Open("pgx", b.URL+"&default_query_exec_mode=simple_protocol")
	if err != nil {
		return err
	}
	defer db.Close()
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	return db.PingContext(ctx)
}

// pgBouncerBinary returns the path of PgBouncer, which Debian has where only root
// looks for programs.
func pgBouncerBinary() string {
	const debian = "/usr/sbin/pgbouncer"
	if _, err := os.Stat(debian); err == nil {
		return debian
	}
	return "pgbouncer"
}
