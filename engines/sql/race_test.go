//go:build race

package sql_test

// backlog is how many expired rows there are.
const backlog = 50_000
