package sql_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bearergate/bearergate/sqlstore"
)

// fill adds rows that expire at this time to each table that has such rows.
func fill(t testing.TB, d *database, rows int, expiry time.Time) {
	t.Helper()
	for _, table := range []string{"codes", "families", "opaque_tokens", "locks"} {
		fillTable(t, d, table, rows, expiry)
	}
}

func fillTable(t testing.TB, d *database, table string, rows int, expiry time.Time) {
	t.Helper()
	const record = `'{"client_id":"app-1","subject":"user-1","scopes":["a","b"],"token":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}'`
	columns := map[string]string{
		"codes":         `(sum, grant_id, expires_at, used, family, record) SELECT KEY, KEY, EXPIRY, true, KEY, ` + record,
		"families":      `(id, grant_id, version, expires_at, record) SELECT KEY, KEY, 1, EXPIRY, ` + record,
		"opaque_tokens": `(sum, family, expires_at, record) SELECT KEY, KEY, EXPIRY, ` + record,
		"locks":         `(id, owner, expires_at) SELECT KEY, KEY, EXPIRY`,
	}
	statement := "INSERT INTO " + d.table(table) + " " + columns[table]
	key := "decode(md5(n::text), 'hex')"
	if d.dialect == sqlstore.Postgres {
		statement += fmt.Sprintf(" FROM generate_series(1, %d) AS n", rows)
	} else {
		key = "randomblob(16)"
		statement = strings.Replace(statement, "SELECT", fmt.Sprintf("WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < %d) SELECT", rows), 1) + " FROM s"
	}
	statement = strings.NewReplacer("KEY", key, "EXPIRY", fmt.Sprint(expiry.UnixMicro())).Replace(statement)
	filling := *d
	if d.dialect == sqlstore.SQLite {
		filling.url += "&_pragma=cache_size(-400000)" // keys in random order
	}
	exec(t, filling.pool(t), statement)
}

func TestChangesRemoveExpiredRows(t *testing.T) {
	onEach(t, both, func(t *testing.T, e engine) {
		d := e.database(t)
		fill(t, d, 150, time.Now().Add(-61*time.Second))
		family := begin(t, d.store(t).Codes(), newFamily("grant", "family"))
		store := d.store(t)
		for range 130 {
			family = rotated(family)
			if _, err := store.Codes().ReplaceFamily(t.Context(), family); err != nil {
				t.Fatal(err)
			}
		}
		for table, want := range map[string]int{"codes": 1, "families": 1, "opaque_tokens": 0, "locks": 0} {
			if got := count(t, d.pool(t), d.table(table)); got != want {
				t.Errorf("after 130 changes: got %d rows in %s, want %d", got, table, want)
			}
		}
	})
}

func TestRowsThatExpiredALittleEarlierStay(t *testing.T) {
	onEach(t, both, func(t *testing.T, e engine) {
		d := e.database(t)
		fill(t, d, 3, time.Now().Add(-50*time.Second))
		must(t, d.store(t).Clean(t.Context()))
		for _, table := range []string{"codes", "families", "opaque_tokens", "locks"} {
			if got := count(t, d.pool(t), d.table(table)); got != 3 {
				t.Errorf("after Clean: got %d rows in %s, want 3", got, table)
			}
		}
	})
}

// TestRotationDoesNotWaitForClean rotates while expired rows are removed: a million, or fewer with the
// race detector.
func TestRotationDoesNotWaitForClean(t *testing.T) {
	if testing.Short() {
		t.Skip("it removes many rows; leave -short out to run it")
	}
	onEach(t, durable, func(t *testing.T, e engine) {
		d := e.database(t)
		fillTable(t, d, "families", backlog, time.Now().Add(-2*time.Minute))
		cleaning, rotating := d.store(t), d.store(t).Codes()
		family := begin(t, rotating, newFamily("grant", "family"))
		ctx, cancel := context.WithCancel(t.Context())
		began := time.Now()
		go func() {
			if err := cleaning.Clean(ctx); err != nil {
				t.Errorf("Clean: got error %v, want none", err)
			}
			cancel()
		}()
		var durations []time.Duration
		for ctx.Err() == nil {
			family = rotated(family)
			before := time.Now()
			if replaced, err := rotating.ReplaceFamily(t.Context(), family); !replaced || err != nil {
				t.Fatalf("ReplaceFamily: got %v, %v, want true", replaced, err)
			}
			durations = append(durations, time.Since(before))
		}
		slices.Sort(durations)
		longest := durations[len(durations)-1]
		t.Logf("%d rotations during %v of cleaning; one in a thousand took %v, the longest %v",
			len(durations), time.Since(began).Round(time.Millisecond), durations[len(durations)*999/1000], longest)
		if longest > 500*time.Millisecond {
			t.Errorf("got a rotation of %v, want 0.5 s at most", longest)
		}
		if got := count(t, d.pool(t), d.table("families")); got != 1 {
			t.Errorf("after Clean: got %d families, want 1", got)
		}
	})
}
