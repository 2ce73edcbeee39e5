package sqlstore

import (
	"database/sql"
	"strconv"
	"strings"
)

// Dialect is a kind of database.
type Dialect int

const (
	// Postgres is PostgreSQL.
	Postgres Dialect = iota + 1
	// SQLite is SQLite, 3.42 or newer.
	SQLite
)

// String returns the name of the database.
func (d Dialect) String() string {
	switch d {
	case Postgres:
		return "PostgreSQL"
	case SQLite:
		return "SQLite"
	}
	return "Dialect(" + strconv.Itoa(int(d)) + ")"
}

// text returns a statement in the dialect. Statements are written for PostgreSQL.
// {p} stands for the prefix of tables, {i} for that of indexes, and {now} for the
// database's clock in microseconds since 1970.
func (c Config) text(statement string) string {
	_, index, qualified := strings.Cut(c.Prefix, ".")
	if !qualified {
		index = c.Prefix
	}
	now := "(extract(epoch FROM clock_timestamp()) * 1000000)::bigint"
	if c.Dialect == SQLite {
		now = "CAST(unixepoch('subsec') * 1000000 AS INTEGER)"
	}
	statement = strings.NewReplacer("{p}", c.Prefix, "{i}", index, "{now}", now).Replace(statement)
	if c.Dialect == SQLite {
		return forSQLite.Replace(statement)
	}
	return statement
}

// forSQLite leaves out casts, which PostgreSQL needs in lists of SELECT, and row
// locks: SQLite has one writer.
var forSQLite = strings.NewReplacer(
	"$", "?", "::bytea", "", "::bigint", "", "::text", "", " FOR UPDATE SKIP LOCKED", "", " FOR UPDATE", "",
)

// isolation returns the options of a transaction. In PostgreSQL, revocation needs
// statements that each see what was committed before them, whatever the default of
// the database is.
func (d Dialect) isolation() *sql.TxOptions {
	if d == Postgres {
		return &sql.TxOptions{Isolation: sql.LevelReadCommitted}
	}
	return nil
}
