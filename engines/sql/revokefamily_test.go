package sql_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bearergate/bearergate"
	"github.com/bearergate/bearergate/sqlstore"
)

// fillFamily adds tokens of a family, many more than one statement removes.
func fillFamily(t *testing.T, d *database, family string) (tokens int) {
	t.Helper()
	tokens = 4000
	fillTable(t, d, "opaque_tokens", tokens, time.Now().Add(time.Hour))
	exec(t, d.pool(t), "UPDATE "+d.table("opaque_tokens")+" SET family = $1", []byte(family))
	return tokens
}

// failAtLast has the database fail when the token with the greatest sum is removed,
// until the function that it returns is called.
func failAtLast(t *testing.T, d *database) (mend func()) {
	t.Helper()
	db, table := d.pool(t), d.table("opaque_tokens")
	const last = "decode(repeat('ff', 32), 'hex')"
	insert := "INSERT INTO " + table + " (sum, family, expires_at, record) SELECT " + last + ", family, expires_at, record FROM " + table + " LIMIT 1"
	if d.dialect == sqlstore.SQLite {
		exec(t, db, strings.Replace(insert, last, "unhex('"+strings.Repeat("ff", 32)+"')", 1))
		exec(t, db, "CREATE TRIGGER fails BEFORE DELETE ON "+table+" WHEN hex(old.sum) LIKE 'FFFFFFFFFFFFFFFFFF%' BEGIN SELECT RAISE(ABORT, 'the last token'); END")
		return func() { exec(t, db, "DROP TRIGGER fails") }
	}
	exec(t, db, insert)
	exec(t, db, "CREATE FUNCTION "+table+"_fails() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'the last token'; END $$")
	exec(t, db, "CREATE TRIGGER fails BEFORE DELETE ON "+table+" FOR EACH ROW WHEN (old.sum = "+last+") EXECUTE FUNCTION "+table+"_fails()")
	return func() { exec(t, db, "DROP FUNCTION "+table+"_fails CASCADE") }
}

// Rules: S7.34.
func TestRevokeFamilyGoesOnWhereItFailed(t *testing.T) {
	onEach(t, both, func(t *testing.T, e engine) {
		d := e.database(t)
		tokens, db := d.store(t).OpaqueTokens(), d.pool(t)
		all := fillFamily(t, d, "family")
		mend := failAtLast(t, d)
		wantText(t, tokens.RevokeFamily(t.Context(), "family"), "the last token")
		if left := count(t, db, d.table("opaque_tokens")); left == 0 || left > all/2 {
			t.Errorf("after a failure at the last token: got %d of %d tokens, want fewer than half", left, all)
		}
		mend()
		must(t, tokens.RevokeFamily(t.Context(), "family"))
		if left := count(t, db, d.table("opaque_tokens")); left != 0 {
			t.Errorf("after RevokeFamily: got %d tokens, want none", left)
		}
	})
}

// TestRevokeFamilyEndsAllTokensThatWereSaved has several calls that remove the same
// tokens, while tokens of another family are saved.
//
// Rules: S7.34.
func TestRevokeFamilyEndsAllTokensThatWereSaved(t *testing.T) {
	onEach(t, both, func(t *testing.T, e engine) {
		d := e.database(t)
		family := strings.Repeat("f", 42) + "A"
		fillFamily(t, d, family)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		var revoking, saving sync.WaitGroup
		other := d.store(t).OpaqueTokens()
		saving.Go(func() {
			for ctx.Err() == nil {
				claims := bearergate.Claims{Type: bearergate.AccessToken, ID: family[:42] + "E.1." + family, ExpiresAt: time.Now().Add(time.Hour)}
				if err := other.Save(t.Context(), newSum(), claims); err != nil {
					t.Errorf("Save: got error %v, want none", err)
				}
			}
		})
		for range 4 {
			tokens, db := d.store(t).OpaqueTokens(), d.pool(t)
			revoking.Go(func() {
				if err := tokens.RevokeFamily(t.Context(), family); err != nil {
					t.Errorf("RevokeFamily: got error %v, want none", err)
				}
				var left int
				err := db.QueryRowContext(t.Context(), "SELECT count(*) FROM "+d.table("opaque_tokens")+" WHERE family = $1", []byte(family)).Scan(&left)
				if left != 0 || err != nil {
					t.Errorf("when RevokeFamily returned: got %d tokens, %v, want none", left, err)
				}
			})
		}
		revoking.Wait()
		cancel()
		saving.Wait()
	})
}
