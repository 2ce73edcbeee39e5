// Package sql tests sqlstore on PostgreSQL, behind PgBouncer, and on SQLite. It
// contains only tests.
package sql
