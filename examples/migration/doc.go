// Package migration has the code of docs/migration.md: for each of four
// libraries, a route guarded by it and the same route guarded by bearergate.
package migration
