package sqlstore_test

import (
	"database/sql"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bearergate/bearergate/sqlstore"
)

func TestErrorOfABusyPoolNamesThePool(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := sql.OpenDB(new(fake))
		defer db.Close()
		db.SetMaxOpenConns(1)
		store, err := sqlstore.New(t.Context(), db, sqlstore.Config{Dialect: sqlstore.Postgres})
		if err != nil {
			t.Fatal(err)
		}
		busy, err := db.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer busy.Close()
		began := time.Now()
		err = save(t.Context(), store.Codes())
		if took := time.Since(began); took != 5*time.Second || err == nil || !strings.Contains(err.Error(), "getting a connection of the pool") {
			t.Errorf("SaveCode: got error %v after %v, want one that names the pool after 5s", err, took)
		}
	})
}
