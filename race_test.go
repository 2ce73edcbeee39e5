//go:build race

package bearergate_test

const raceEnabled = true
