package sqlstore_test

import (
	"database/sql"
	"strings"
	"testing"

	"github.com/bearergate/bearergate/sqlstore"
)

func TestConfigNamesEveryFault(t *testing.T) {
	for _, c := range []struct {
		name   string
		config sqlstore.Config
		want   []string
	}{
		{"the zero value", sqlstore.Config{}, []string{"Config.Dialect is Dialect(0); use Postgres or SQLite"}},
		{"two faults", sqlstore.Config{Dialect: 7, Prefix: "Auth"}, []string{"Config.Dialect is Dialect(7)", `Config.Prefix is "Auth"`}},
		{"a statement", sqlstore.Config{Dialect: sqlstore.Postgres, Prefix: "x; DROP TABLE users; --"}, []string{"Config.Prefix is"}},
		{"a quote", sqlstore.Config{Dialect: sqlstore.Postgres, Prefix: `a"`}, []string{"Config.Prefix is"}},
		{"a name that PostgreSQL would cut", sqlstore.Config{Dialect: sqlstore.Postgres, Prefix: strings.Repeat("a", 33)}, []string{"Config.Prefix is"}},
		{"a line break at the end", sqlstore.Config{Dialect: sqlstore.Postgres, Prefix: "auth_\n"}, []string{"Config.Prefix is"}},
		{"no name after the schema", sqlstore.Config{Dialect: sqlstore.Postgres, Prefix: "auth."}, []string{"Config.Prefix is"}},
		{"a schema of SQLite", sqlstore.Config{Dialect: sqlstore.SQLite, Prefix: "main.auth_"}, []string{`Config.Prefix is "main.auth_"; SQLite has no schemas`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, schemaErr := sqlstore.Schema(c.config)
			_, newErr := sqlstore.New(t.Context(), new(sql.DB), c.config)
			for name, err := range map[string]error{"Schema": schemaErr, "New": newErr, "Setup": sqlstore.Setup(t.Context(), new(sql.DB), c.config)} {
				for _, want := range c.want {
					if err == nil || !strings.Contains(err.Error(), want) {
						t.Errorf("%s: got error %v, want one with %q", name, err, want)
					}
				}
			}
		})
	}
}

func TestNewNeedsADatabase(t *testing.T) {
	const want = "sqlstore: New was given a nil *sql.DB; use one that sql.Open returns"
	if _, err := sqlstore.New(t.Context(), nil, sqlstore.Config{Dialect: sqlstore.Postgres}); err == nil || err.Error() != want {
		t.Errorf("got error %v, want %s", err, want)
	}
}

func TestSchemaNamesTablesAndIndexes(t *testing.T) {
	for _, c := range []struct {
		config sqlstore.Config
		want   []string
	}{
		{sqlstore.Config{Dialect: sqlstore.Postgres}, []string{
			"CREATE TABLE IF NOT EXISTS bearergate_codes (\n\tsum bytea NOT NULL PRIMARY KEY,",
			"CREATE INDEX IF NOT EXISTS bearergate_codes_grant_id ON bearergate_codes (grant_id);",
		}},
		{sqlstore.Config{Dialect: sqlstore.Postgres, Prefix: "auth.t_"}, []string{
			"CREATE TABLE IF NOT EXISTS auth.t_codes (", "CREATE INDEX IF NOT EXISTS t_codes_grant_id ON auth.t_codes (grant_id);",
		}},
		{sqlstore.Config{Dialect: sqlstore.SQLite, Prefix: "t_"}, []string{
			"CREATE TABLE IF NOT EXISTS t_codes (\n\tsum BLOB NOT NULL PRIMARY KEY,", "\trecord TEXT NOT NULL\n) STRICT, WITHOUT ROWID;",
			"t_schema (version INTEGER NOT NULL PRIMARY KEY) STRICT;",
		}},
	} {
		got, err := sqlstore.Schema(c.config)
		for _, want := range c.want {
			if err != nil || !strings.Contains(got, want) {
				t.Errorf("Schema(%+v): got error %v and\n%s\nwant %q in it", c.config, err, got, want)
			}
		}
	}
}

func TestConnectionsNeedKeys(t *testing.T) {
	defer func() {
		const want = "sqlstore: Connections needs a cipher.AEAD for each key, such as cipher.NewGCMWithRandomNonce returns"
		if got := recover(); got != want {
			t.Errorf("got panic %v, want %s", got, want)
		}
	}()
	new(sqlstore.Store).Connections(nil)
}
