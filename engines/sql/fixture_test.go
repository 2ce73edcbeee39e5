package sql_test

import (
	"crypto/sha256"
	"database/sql"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bearergate/bearergate/sqlstore"
	"github.com/bearergate/bearergate/tokenendpoint"
)

var sums atomic.Int64

// newSum returns a sum that no other test has.
func newSum() tokenendpoint.Sum { return sha256.Sum256(fmt.Append(nil, sums.Add(1))) }

func newCode(grantID string) tokenendpoint.AuthorizationCode {
	return tokenendpoint.AuthorizationCode{
		Authorization: tokenendpoint.Authorization{ClientID: "app-1", GrantID: grantID, Subject: "user-1", Scopes: []string{"a"}},
		RedirectURI:   "https://app.example/", ExpiresAt: time.Now().Add(time.Hour),
	}
}

func newFamily(grantID, id string) tokenendpoint.Family {
	return tokenendpoint.Family{
		Authorization: tokenendpoint.Authorization{ClientID: "app-1", GrantID: grantID, Subject: "user-1", Scopes: []string{"a"}, FamilyID: id},
		Version:       1, Token: newSum(), TokenExpiresAt: time.Now().Add(time.Hour), ExpiresAt: time.Now().Add(2 * time.Hour),
	}
}

// rotated returns the next version of a family.
func rotated(f tokenendpoint.Family) tokenendpoint.Family {
	f.Version++
	f.Generation++
	f.Retired = []tokenendpoint.RetiredToken{{Token: f.Token, Successor: newSum(), GraceEndsAt: time.Now().Add(time.Minute)}}
	f.Token = newSum()
	f.ExpiresAt = f.ExpiresAt.Add(time.Second)
	return f
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("got error %v, want none", err)
	}
}

// begin stores a family and the code that it was issued for.
func begin(t testing.TB, codes *sqlstore.Codes, f tokenendpoint.Family) tokenendpoint.Family {
	t.Helper()
	sum := newSum()
	must(t, codes.SaveCode(t.Context(), sum, newCode(f.GrantID)))
	outcome, err := codes.Consume(t.Context(), sum, time.Now(), f)
	if outcome != tokenendpoint.Fresh || err != nil {
		t.Fatalf("Consume: got %v, %v, want Fresh", outcome, err)
	}
	return f
}

// exec runs statements that the store does not.
func exec(t testing.TB, db *sql.DB, statement string, args ...any) {
	t.Helper()
	_, err := db.ExecContext(t.Context(), statement, args...)
	must(t, err)
}

// count returns the number of rows of a table.
func count(t testing.TB, db *sql.DB, table string) (n int) {
	t.Helper()
	must(t, db.QueryRowContext(t.Context(), "SELECT count(*) FROM "+table).Scan(&n))
	return n
}
