// Package migration has the code of docs/migration.md and docs/routers.md that
// needs other modules: for each of four libraries, a route guarded by it and the
// same route guarded by bearergate; and the same routes on each router.
package migration
