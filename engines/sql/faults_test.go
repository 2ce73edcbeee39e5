package sql_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/bearergate/bearergate/client"
	"github.com/bearergate/bearergate/engines/servers"
	"github.com/bearergate/bearergate/sqlstore"
	"github.com/bearergate/bearergate/tokenendpoint"
)

// TestCancelledCallsCostNoConnection cancels calls before, during and after their
// statements, over a pool of one connection.
func TestCancelledCallsCostNoConnection(t *testing.T) {
	d := pgDefault.database(t)
	db := d.pool(t)
	db.SetMaxOpenConns(1)
	s := d.storeOf(t, db)
	session := func() (pid int) {
		must(t, db.QueryRowContext(t.Context(), "SELECT pg_backend_pid()").Scan(&pid))
		return pid
	}
	before, cancelled := session(), 0
	family := begin(t, s.Codes(), newFamily("grant", "family"))
	for n := range 100 {
		for name, call := range map[string]func(ctx context.Context) error{
			"SaveCode": func(ctx context.Context) error { return s.Codes().SaveCode(ctx, newSum(), newCode("other")) },
			"Consume": func(ctx context.Context) error {
				_, err := s.Codes().Consume(ctx, newSum(), time.Now(), newFamily("grant", "other"))
				return err
			},
			"ReplaceFamily": func(ctx context.Context) error {
				_, err := s.Codes().ReplaceFamily(ctx, rotated(family))
				return err
			},
			"RevokeGrant": func(ctx context.Context) error { return s.Codes().RevokeGrant(ctx, "unknown") },
			"Family":      func(ctx context.Context) error { _, _, err := s.Codes().Family(ctx, "family"); return err },
		} {
			ctx, cancel := context.WithTimeout(t.Context(), time.Duration(n)*5*time.Microsecond)
			err := call(ctx)
			cancel()
			if errors.Is(err, context.DeadlineExceeded) {
				cancelled++
			} else if err != nil {
				t.Errorf("%s: got error %v, want that of the context", name, err)
			}
		}
	}
	if after := session(); after != before {
		t.Errorf("after %d cancelled calls: got session %d, want %d, as before", cancelled, after, before)
	}
	if cancelled < 50 {
		t.Errorf("got %d of 500 calls cancelled, want more for this to be a test", cancelled)
	}
}

// calls are one of each kind, with the time that it may take beyond its deadline.
func calls(t *testing.T, s *sqlstore.Store) map[string]func(ctx context.Context) error {
	connections := s.Connections(aead(t, 1))
	return map[string]func(ctx context.Context) error{
		"Code":        func(ctx context.Context) error { _, _, err := s.Codes().Code(ctx, newSum()); return err },
		"SaveCode":    func(ctx context.Context) error { return s.Codes().SaveCode(ctx, newSum(), newCode("grant")) },
		"RevokeGrant": func(ctx context.Context) error { return s.Codes().RevokeGrant(ctx, "grant") },
		"Grant":       func(ctx context.Context) error { _, err := s.Grants().Grant(ctx, "grant"); return err },
		"Clean":       s.Clean,
		"Ping":        s.Ping,
		"Load":        func(ctx context.Context) error { _, err := connections.Load(ctx, "a"); return err },
		"Lock":        func(ctx context.Context) error { _, err := connections.Lock(ctx, "a"); return err },
	}
}

func TestNoCallOutlivesItsDeadlineOrNeedsHelpAfterwards(t *testing.T) {
	server := servers.NewPostgres(t)
	e := engine{"PostgreSQL", sqlstore.Postgres, func(testing.TB) string { return server.URL }}
	s := e.database(t).store(t)
	family := begin(t, s.Codes(), newFamily("grant", "family"))
	must(t, server.Stop())
	for name, call := range calls(t, s) {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		began := time.Now()
		err := call(ctx)
		cancel()
		if took := time.Since(began); !errors.Is(err, context.DeadlineExceeded) || took > 250*time.Millisecond {
			t.Errorf("%s: got error %v after %v, want that of the deadline after 50 ms", name, err, took)
		}
	}
	server.Kill()
	must(t, server.Start())
	deadline := time.Now().Add(10 * time.Second)
	for {
		got, found, err := s.Codes().Family(t.Context(), "family")
		if err == nil && found && got.Token == family.Token {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("after the server came back: got found %v, error %v, want the family", found, err)
		}
	}
}

// TestFamilySurvivesKilledConnections ends all sessions again and again while
// families are rotated.
func TestFamilySurvivesKilledConnections(t *testing.T) {
	d := pgDefault.database(t)
	codes, other, admin := d.store(t).Codes(), d.store(t).Codes(), d.pool(t)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	var running sync.WaitGroup
	for n := range 8 {
		family := begin(t, codes, newFamily("grant", fmt.Sprint(t.Name(), n)))
		running.Go(func() { rotateUntil(ctx, t, codes, other, family) })
	}
	kills := 0
	for ctx.Err() == nil {
		kills += killSessions(t, admin)
		time.Sleep(5 * time.Millisecond)
	}
	running.Wait()
	if kills < 20 {
		t.Errorf("got %d killed sessions, want more for this to be a test", kills)
	}
}

// killSessions ends the sessions that are rotating a family.
func killSessions(t *testing.T, admin *sql.DB) (killed int) {
	t.Helper()
	must(t, admin.QueryRowContext(t.Context(), `SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE query LIKE 'UPDATE%families%'`).Scan(&killed))
	return killed
}

// rotateUntil rotates a family until ctx ends. After an error, the family is the one
// before or the next.
func rotateUntil(ctx context.Context, t *testing.T, codes, other *sqlstore.Codes, family tokenendpoint.Family) {
	failed := 0
	for ctx.Err() == nil {
		next := rotated(family)
		replaced, err := codes.ReplaceFamily(t.Context(), next)
		if err == nil && !replaced {
			t.Errorf("ReplaceFamily: got false, want true or an error")
			return
		}
		if err != nil {
			failed++
		}
		got, found, readErr := other.Family(t.Context(), family.FamilyID)
		for range 20 { // it reads over sessions that are killed too
			if readErr == nil {
				break
			}
			got, found, readErr = other.Family(t.Context(), family.FamilyID)
		}
		isNext := got.Version == next.Version && got.Token == next.Token
		isBefore := got.Version == family.Version && got.Token == family.Token
		if !found || !isNext && (err == nil || !isBefore) {
			t.Errorf("after ReplaceFamily with error %v: got found %v and version %d, error %v, want %d or %d", err, found, got.Version, readErr, family.Version, next.Version)
			return
		}
		family = got
	}
	t.Logf("%d rotations, and %d errors", family.Version, failed)
}

// TestRenewalHoldsNoConnection holds a lock, as a renewal does over HTTP, while the
// pool of one connection is used.
func TestRenewalHoldsNoConnection(t *testing.T) {
	onEach(t, both, func(t *testing.T, e engine) {
		d := e.database(t)
		db := d.pool(t)
		db.SetMaxOpenConns(1)
		connections := d.storeOf(t, db).Connections(aead(t, 1))
		unlock, err := connections.Lock(t.Context(), "a")
		must(t, err)
		defer unlock()
		if got := db.Stats().InUse; got != 0 {
			t.Errorf("while a lock is held: got %d connections in use, want none", got)
		}
		must(t, client.SaveConnection(t.Context(), connections, "a", client.Connection{RefreshToken: "refresh"}))
	})
}
