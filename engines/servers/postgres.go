package servers

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
)

// Postgres is a PostgreSQL server. It flushes each commit to the disk.
type Postgres struct {
	Process
	// URL is the URL of its database, for the user postgres.
	URL string
}

// StartPostgres starts a PostgreSQL server with these settings in addition, such as
// "synchronous_commit=off". [Postgres.Close] ends it.
func StartPostgres(settings ...string) (*Postgres, error) {
	dir, port, err := unprivilegedDir("postgres-")
	if err != nil {
		return nil, err
	}
	data := filepath.Join(dir, "data")
	initdb := unprivileged(postgresBinary("initdb"), "--pgdata", data, "--username", "postgres", "--auth", "trust", "--encoding", "UTF8", "--no-locale", "--no-sync")
	if out, err := run(dir, initdb); err != nil {
		os.RemoveAll(dir)
		return nil, fmt.Errorf("servers: initdb: %w: %s", err, out)
	}
	command := []string{postgresBinary("postgres"), "-D", data, "-p", strconv.Itoa(port), "-k", dir, "-c", "listen_addresses=127.0.0.1"}
	for _, setting := range settings {
		command = append(command, "-c", setting)
	}
	p := &Postgres{
		Process: Process{Dir: dir, command: unprivileged(command...)},
		URL:     fmt.Sprintf("postgres://postgres@127.0.0.1:%d/postgres?sslmode=disable", port),
	}
	if err := p.Start(); err != nil {
		os.RemoveAll(dir)
		return nil, err
	}
	return p, nil
}

// NewPostgres is [StartPostgres] for one test.
func NewPostgres(t testing.TB, settings ...string) *Postgres {
	t.Helper()
	NeedPostgres(t)
	p, err := StartPostgres(settings...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

// NeedPostgres is [Need] of PostgreSQL.
func NeedPostgres(t testing.TB) {
	t.Helper()
	Need(t, postgresBinary("postgres"), "postgresql")
}

// Start starts the server and waits until it answers. After [Postgres.Kill], it waits
// for the processes of the former server to end.
func (p *Postgres) Start() error {
	var err error
	for range 50 {
		if err = p.Process.Start(); err != nil {
			return err
		}
		if err = p.awaitReady(p.ping); err == nil {
			return nil
		}
		p.Kill()
		time.Sleep(100 * time.Millisecond)
	}
	return err
}

// Close ends the server and removes its data.
func (p *Postgres) Close() {
	p.Kill()
	os.RemoveAll(p.Dir)
}

func (p *Postgres) ping() error {
	db, err := sql.Open("pgx", p.URL)
	if err != nil {
		return err
	}
	defer db.Close()
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	return db.PingContext(ctx)
}

// postgresBinary returns the path of a program of PostgreSQL. Debian has them apart
// from other programs.
func postgresBinary(name string) string {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/" + name)
	if len(found) == 0 {
		return name
	}
	return slices.Max(found)
}

// unprivileged returns a command that runs another one as the user postgres, in the
// same process, if this is root: PostgreSQL and PgBouncer do not run as root.
func unprivileged(command ...string) []string {
	if os.Geteuid() != 0 {
		return command
	}
	return append([]string{"setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups", "--pdeathsig=KILL"}, command...)
}

// unprivilegedDir returns a directory for such a command, and a free port.
func unprivilegedDir(name string) (dir string, port int, err error) {
	if port, err = freePort(); err != nil {
		return "", 0, err
	}
	if dir, err = os.MkdirTemp("", name); err != nil {
		return "", 0, fmt.Errorf("servers: %w", err)
	}
	if os.Geteuid() == 0 {
		if out, err := exec.Command("chown", "postgres:", dir).CombinedOutput(); err != nil {
			os.RemoveAll(dir)
			return "", 0, fmt.Errorf("servers: chown: %w: %s", err, out)
		}
	}
	return dir, port, nil
}

func run(dir string, command []string) ([]byte, error) {
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Dir = dir
	return cmd.CombinedOutput()
}

// processes returns the process ids of the sessions, and then that of the server.
func (p *Postgres) processes() ([]int, error) {
	pid := p.running.Process.Pid
	children, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%[1]d/children", pid))
	if err != nil {
		return nil, fmt.Errorf("servers: %w", err)
	}
	var all []int
	for _, child := range strings.Fields(string(children)) {
		session, err := strconv.Atoi(child)
		if err != nil {
			return nil, fmt.Errorf("servers: %w", err)
		}
		all = append(all, session)
	}
	return append(all, pid), nil
}

// Kill ends the server and all its sessions at once, and waits until the server has
// ended.
func (p *Postgres) Kill() {
	p.killSessions()
	p.Process.Kill()
}
