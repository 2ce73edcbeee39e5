package sqlstore

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// DefaultPrefix is the default of [Config].Prefix.
const DefaultPrefix = "bearergate_"

// Config is the settings of [New], [Setup] and [Schema].
type Config struct {
	// Dialect is the kind of database. It is required.
	Dialect Dialect
	// Prefix begins the names of the tables: lower-case letters, digits and _, at most
	// 32 characters. On PostgreSQL the name of a schema and a dot may precede it; the
	// schema must exist, since Setup does not create it. If empty, [DefaultPrefix] is used.
	Prefix string
}

var prefixes = regexp.MustCompile(`^([a-z_][a-z0-9_]{0,62}\.)?[a-z_][a-z0-9_]{0,31}$`)

// prepare sets the defaults, and returns an error that names every fault.
func (c *Config) prepare() error {
	var faults []error
	if c.Dialect != Postgres && c.Dialect != SQLite {
		faults = append(faults, fmt.Errorf("sqlstore: Config.Dialect is %v; use Postgres or SQLite", c.Dialect))
	}
	c.Prefix = cmp.Or(c.Prefix, DefaultPrefix)
	if !prefixes.MatchString(c.Prefix) {
		faults = append(faults, fmt.Errorf("sqlstore: Config.Prefix is %q; use at most 32 lower-case letters, digits and _, after a schema and a dot if need be, or nothing for %q", c.Prefix, DefaultPrefix))
	} else if c.Dialect == SQLite && strings.Contains(c.Prefix, ".") {
		faults = append(faults, fmt.Errorf("sqlstore: Config.Prefix is %q; SQLite has no schemas", c.Prefix))
	}
	return errors.Join(faults...)
}
