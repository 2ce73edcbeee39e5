package sqlstore

import (
	"context"
	"database/sql"
	"fmt"
)

// checkVersion returns an error if the tables are missing or too old. Newer ones are
// accepted, so that a database can be changed before its programs.
func (s *Store) checkVersion(ctx context.Context) error {
	version, err := call(ctx, s, s.config.version)
	switch {
	case missingTable(err):
		return fmt.Errorf("sqlstore: there is no table %sschema; call Setup, or run the statements of Schema: %w", s.config.Prefix, err)
	case err != nil:
		return fmt.Errorf("sqlstore: reading the version of the schema: %w", err)
	case version < schemaVersion:
		return fmt.Errorf("sqlstore: the tables %s… have version %d, and this program needs %d; call Setup, or run the statements of Schema", s.config.Prefix, version, schemaVersion)
	}
	return nil
}

// version returns the version of the schema, 0 if the table is empty.
func (c Config) version(ctx context.Context, conn *sql.Conn) (int64, error) {
	var version sql.NullInt64
	err := conn.QueryRowContext(ctx, c.text(`SELECT max(version) FROM {p}schema`)).Scan(&version)
	return version.Int64, err
}
