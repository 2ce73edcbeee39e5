package sqlstore

import (
	"context"
	"database/sql"
	"fmt"
	"regexp"
	"strings"
)

// checkSchema returns an error if tables are missing or too old. Newer ones are
// accepted, so that a database can be changed before its programs.
func (s *Store) checkSchema(ctx context.Context) error {
	if err := s.Ping(ctx); err != nil {
		return err
	}
	missing, err := call(ctx, s, s.config.missing)
	switch {
	case err != nil:
		return fmt.Errorf("sqlstore: looking for the tables: %w", err)
	case missing != "":
		return s.config.noTable(missing)
	}
	return nil
}

// Ping returns nil if the database answers and has the tables of [Schema]. It reads one
// row, and is for readiness probes.
func (s *Store) Ping(ctx context.Context) error {
	version, err := call(ctx, s, s.config.version)
	switch {
	case missingTable(err):
		return fmt.Errorf("%w: %w", s.config.noTable("schema"), err)
	case err != nil:
		return fmt.Errorf("sqlstore: reading the version of the schema: %w", err)
	case version < schemaVersion:
		return fmt.Errorf("sqlstore: the tables %s… have version %d, and this program needs %d; call Setup, or run the statements of Schema", s.config.Prefix, version, schemaVersion)
	}
	return nil
}

func (c Config) noTable(name string) error {
	return fmt.Errorf("sqlstore: there is no table %s%s; call Setup, or run the statements of Schema", c.Prefix, name)
}

var tableNames = regexp.MustCompile(`CREATE TABLE IF NOT EXISTS \{p\}(\w+)`)

// missing returns a table that is not there, or "". It asks the catalog, which needs no
// rights to the tables and waits for nobody who changes one.
func (c Config) missing(ctx context.Context, conn *sql.Conn) (string, error) {
	statement := `SELECT to_regclass('{t}') IS NOT NULL`
	if c.Dialect == SQLite {
		statement = `SELECT count(*) > 0 FROM sqlite_master WHERE type = 'table' AND name = '{t}'`
	}
	for _, match := range tableNames.FindAllStringSubmatch(tables, -1) {
		var found bool
		err := conn.QueryRowContext(ctx, strings.Replace(statement, "{t}", c.Prefix+match[1], 1)).Scan(&found)
		if err != nil || !found {
			return match[1], err
		}
	}
	return "", nil
}

// version returns the version of the schema, 0 if the table is empty.
func (c Config) version(ctx context.Context, conn *sql.Conn) (int64, error) {
	var version sql.NullInt64
	err := conn.QueryRowContext(ctx, c.text(`SELECT max(version) FROM {p}schema`)).Scan(&version)
	return version.Int64, err
}
