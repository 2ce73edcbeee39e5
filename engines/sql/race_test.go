//go:build race

package sql_test

// backlog is how many expired rows there are.
const backlog = 20_000

// suiteEngines are the engines of the suites.
var suiteEngines = []engine{bouncerExec, sqlite}
