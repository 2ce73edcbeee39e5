package sqlstore

import "strings"

// schemaVersion is the version of the schema that this package needs. Later ones only
// add to it.
const schemaVersion = 1

// tables has a statement for each table and index. Ids and sums are bytes, so that
// no collation, encoding or driver changes them. Times are microseconds since 1970.
const tables = `
CREATE TABLE IF NOT EXISTS {p}schema (version bigint NOT NULL PRIMARY KEY)

CREATE TABLE IF NOT EXISTS {p}codes (
	sum bytea NOT NULL PRIMARY KEY,
	grant_id bytea NOT NULL,
	expires_at bigint NOT NULL,
	used boolean NOT NULL,
	family bytea NOT NULL,
	record text NOT NULL
)

CREATE INDEX IF NOT EXISTS {i}codes_grant_id ON {p}codes (grant_id)

CREATE INDEX IF NOT EXISTS {i}codes_expires_at ON {p}codes (expires_at)

CREATE TABLE IF NOT EXISTS {p}families (
	id bytea NOT NULL PRIMARY KEY,
	grant_id bytea NOT NULL,
	version bigint NOT NULL,
	expires_at bigint NOT NULL,
	record text NOT NULL
)

CREATE INDEX IF NOT EXISTS {i}families_grant_id ON {p}families (grant_id)

CREATE INDEX IF NOT EXISTS {i}families_expires_at ON {p}families (expires_at)

CREATE TABLE IF NOT EXISTS {p}opaque_tokens (
	sum bytea NOT NULL PRIMARY KEY,
	family bytea NOT NULL,
	expires_at bigint NOT NULL,
	record text NOT NULL
)

CREATE INDEX IF NOT EXISTS {i}opaque_tokens_family ON {p}opaque_tokens (family)

CREATE INDEX IF NOT EXISTS {i}opaque_tokens_expires_at ON {p}opaque_tokens (expires_at)

CREATE TABLE IF NOT EXISTS {p}grants (
	id bytea NOT NULL PRIMARY KEY,
	revoked_at bigint,
	record text NOT NULL
)

CREATE TABLE IF NOT EXISTS {p}clients (
	id bytea NOT NULL PRIMARY KEY,
	record text NOT NULL
)

CREATE TABLE IF NOT EXISTS {p}connections (
	id bytea NOT NULL PRIMARY KEY,
	revision bigint NOT NULL,
	sealed bytea NOT NULL
)

CREATE TABLE IF NOT EXISTS {p}locks (
	id bytea NOT NULL PRIMARY KEY,
	owner bytea NOT NULL,
	expires_at bigint NOT NULL
)

INSERT INTO {p}schema (version) VALUES (1) ON CONFLICT (version) DO NOTHING`

// Schema returns the statements that [Setup] runs, each ended by a semicolon, for
// programs with migrations of their own. They can be run again.
func Schema(c Config) (string, error) {
	if err := c.prepare(); err != nil {
		return "", err
	}
	return strings.Join(c.schema(), ";\n\n") + ";\n", nil
}

func (c Config) schema() []string {
	statements := strings.Split(strings.TrimSpace(tables), "\n\n")
	for i, statement := range statements {
		if c.Dialect == SQLite {
			statement = strictTables.Replace(statement)
		}
		statements[i] = c.text(statement)
	}
	return statements
}

// strictTables replaces the types, and has SQLite keep a table of its own types.
var strictTables = strings.NewReplacer(
	"bytea", "BLOB", "bigint", "INTEGER", "boolean", "INTEGER", " text ", " TEXT ",
	"PRIMARY KEY)", "PRIMARY KEY) STRICT", "\n)", "\n) STRICT, WITHOUT ROWID",
)
