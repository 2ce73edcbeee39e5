package sqlstore

import (
	"context"
	"database/sql"
	"fmt"
)

// checkVersion returns an error if the tables are missing or too old. Newer ones are
// accepted, so that a database can be changed before its programs.
func (s *Store) checkVersion(ctx context.Context) error {
	version, err := call(ctx, s, func(ctx context.Context, conn *sql.Conn) (version sql.NullInt64, err error) {
		err = conn.QueryRowContext(ctx, s.texts.version).Scan(&version)
		return version, err
	})
	switch {
	case missingTable(err):
		return fmt.Errorf("sqlstore: there is no table %sschema; call Setup, or run the statements of Schema: %w", s.config.Prefix, err)
	case err != nil:
		return fmt.Errorf("sqlstore: reading the version of the schema: %w", err)
	case version.Int64 < schemaVersion:
		return fmt.Errorf("sqlstore: the tables %s… have version %d, and this program needs %d; call Setup, or run the statements of Schema", s.config.Prefix, version.Int64, schemaVersion)
	}
	return nil
}
